says="called a second time for a pod, the injector changes nothing"
needs="20-demo"
check() {
    # Another mutating webhook is not needed: the service account's plugin changes a pod after the first call.
    local name metrics
    simple again | apply "$demo"
    expect "containers" "$(containers "$demo" again)" '^sidecar-proxy app$'
    k -n "$demo" delete pod again --wait=false
    metrics=''
    for name in $(pods "$own" app.kubernetes.io/name=sidecar-injector); do
        metrics+=$(curl -sS "http://$(address "$own" "$name"):8080/metrics")$'\n'
    done
    echo "$metrics"
    expect "decisions" "$metrics" 'sidecar_injector_decisions_total\{[^}]*reason="already-injected"[^}]*\} [1-9]'
    note "$(grep '^sidecar_injector_decisions_total' <<<"$metrics" | paste -sd' ')"
}
