says="with the injector down and failurePolicy Ignore a pod is created without a sidecar, and check says which"
needs="20-demo"
limit="240"
check() {
    local said status=0
    injector_down
    simple orphan | apply "$demo"
    expect "its containers" "$(containers "$demo" orphan)" '^app$'
    said=$(inspect 2>&1) || status=$?
    echo "$said"
    expect "check without an injector" "$status" '^1$'
    injector_up
    said=$(inspect 2>&1) || true
    echo "$said"
    expect "check with the injector back" "$said" 'orphan|1 (labelled )?pod'
    eventually 90 counted
    k -n "$demo" delete pod orphan --wait=false
    note "$(grep -E -m 1 'orphan|1 (labelled )?pod' <<<"$said"); metric: $(metric)"
}
metric() { curl -sS "http://$(address "$own" "$(pod "$own" app.kubernetes.io/name=sidecar-injector)"):8080/metrics" | grep -E '^sidecar_injector_[a-z_]*without_sidecar[^ ]* [1-9]'; }
counted() { metric >/dev/null; }
