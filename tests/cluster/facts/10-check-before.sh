says="check, before installation, says what is there and what will be missing"
check() {
    local said status=0
    said=$(inspect --before 2>&1) || status=$?
    echo "$said"
    expect "exit code" "$status" '^0$'
    note "$said"
    # What only an installation brings is said to be missing.
    said=$(inspect 2>&1) || status=$?
    echo "$said"
    expect "exit code without --before" "$status" '^1$'
    note "without --before: $(grep -iE -m 2 'fail' <<<"$said")"
}
