says="check, after installation, finds nothing wrong"
needs="11-install"
check() {
    local said status=0
    said=$(inspect 2>&1) || status=$?
    echo "$said"
    expect "exit code" "$status" '^0$'
    note "$(tail -n 3 <<<"$said")"
}
