says="a pod on the host's network is skipped, and whoever creates it reads why"
needs="20-demo"
check() {
    local said
    said=$(SPEC='hostNetwork: true' simple host-network | apply "$demo")
    echo "$said"
    expect "the warning" "$said" 'Warning:.*host-network'
    expect "its containers" "$(containers "$demo" host-network)" '^app$'
    k -n "$demo" delete pod host-network --wait=false
    note "$(grep Warning <<<"$said")"
    expect "the injectors' log" "$(for name in $(pods "$own" app.kubernetes.io/name=sidecar-injector); do k -n "$own" logs "$name"; done)" '"event":"pod-skipped".*host-network'
}
