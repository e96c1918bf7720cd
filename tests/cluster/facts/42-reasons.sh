says="other reasons to skip are named too: an unknown label value, the proxy's user, another mesh, an annotation that does not parse"
needs="20-demo"
check() {
    local said
    expect_reason() { # expect_reason REASON: of the pod on standard input
        said=$(k -n "$demo" apply --dry-run=server -o yaml -f - 2>&1)
        expect "the warning" "$said" "Warning:.*$1"
        [[ $said != *"name: sidecar-proxy"* ]] || fail "$1: injected all the same"
        note "$1: $(grep -m 1 Warning <<<"$said")"
    }
    LABELS='sidecarproxy.io/inject: maybe' simple reasons | expect_reason unknown-label-value
    SPEC='securityContext: { runAsUser: 6102, runAsGroup: 6102 }' simple reasons | expect_reason uid-clash
    ANNOTATIONS='sidecarproxy.io/skip-outbound-ports: "80,many"' simple reasons | expect_reason invalid-annotation
    simple reasons | sed 's/containers: \[/&{ name: istio-proxy, image: "localhost\/sidecar-demo:1" }, /' | expect_reason other-mesh
}
