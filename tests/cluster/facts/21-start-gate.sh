says="the application starts only after its proxy is ready: a call as its very first act succeeds"
needs="20-demo"
check() {
    local name first
    name=$(pod "$demo" app=shop)
    first=$(k -n "$demo" logs "$name" -c shop | head -n 1)
    expect "the first call" "$first" '"status": 200'
    started() { k -n "$demo" get pod "$name" -o jsonpath="{.status.containerStatuses[?(@.name==\"$1\")].state.running.startedAt}"; }
    [[ ! "$(started shop)" < "$(started sidecar-proxy)" ]] || fail "shop started at $(started shop), its proxy at $(started sidecar-proxy)"
    expect "the proxy saw it" "$(look "$demo" "$name" /metrics)" 'http_server_request_duration_seconds_count\{[^}]*direction="outbound"'
    note "proxy $(started sidecar-proxy), application $(started shop): $first"
}
