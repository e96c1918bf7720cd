says="a bad document that got past the webhook does not reach traffic: the last good one stays, also over a restart of the proxy"
needs="20-demo 33-own-policies"
limit="240"
check() {
    # Without the label nobody validates it.
    local name verbose
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: sidecar-policies }\ndata:\n  sidecar.yaml: |\n    version: 1\n    routes: { broken: { match: 7 } }\n' | apply "$demo"
    name=$(pod "$demo" app=shop)
    eventually 100 rejected "$name"
    expect "traffic" "$(load /flaky/1 20 2)" '"status": \{"200": 40\}'
    signal_proxy "$demo" "$name" KILL
    eventually 30 restarted "$name"
    eventually 30 ready "$demo" "$name"
    verbose=$(admin "$demo" "$name" shop '/readyz?verbose')
    echo "$verbose"
    expect "traffic after the restart" "$(load /flaky/1 20 2)" '"status": \{"200": 40\}'
    expect "its routes" "$(load /flaky/1 5 1)" '"attempts": \{"[1-4]"'
    expect "readyz" "$verbose" 'last-good|lastGood|last good'
    k -n "$demo" delete configmap sidecar-policies
    eventually 100 accepted "$name"
    note "$(tr -d '\n' <<<"$verbose" | tr -s ' ' | cut -c1-400)"
}
rejected() { k -n "$demo" logs "$1" -c sidecar-proxy | grep -q '"event":"config-rejected"'; }
restarted() { [ "$(k -n "$demo" get pod "$1" -o jsonpath='{.status.containerStatuses[?(@.name=="sidecar-proxy")].restartCount}')" -ge 1 ]; }
accepted() { k -n "$demo" logs "$1" -c sidecar-proxy | tail -n 20 | grep -q '"event":"config-loaded".*"trigger":"file-change"'; }
