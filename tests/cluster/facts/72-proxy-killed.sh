says="a proxy that is killed is back at once, with its routes, and the application was not restarted"
needs="20-demo 30-retry"
check() {
    local name before
    name=$(pod "$demo" app=shop)
    before=$(restarts_of shop)
    count=$(restarts_of sidecar-proxy)
    signal_proxy "$demo" "$name" KILL
    eventually 30 again
    eventually 30 ready "$demo" "$name"
    expect "traffic" "$(load /flaky/1 20 2)" '"status": \{"200": 40\}'
    [ "$(restarts_of shop)" = "$before" ] || fail "the application was restarted"
    note "restarts: sidecar-proxy $count -> $(restarts_of sidecar-proxy), shop $before"
}
restarts_of() { k -n "$demo" get pod "$name" -o jsonpath="{.status.containerStatuses[?(@.name==\"$1\")].restartCount}"; }
again() { [ "$(restarts_of sidecar-proxy)" -gt "$count" ]; }
