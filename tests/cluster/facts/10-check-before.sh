says="check, before installation, says what the cluster lacks"
check() {
    local said status=0
    said=$(inspect 2>&1) || status=$?
    echo "$said"
    expect "exit code" "$status" '^1$'
    expect "what it says" "$said" 'webhook'
    note "$(head -n 3 <<<"$said")"
}
