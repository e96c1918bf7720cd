says="a server-side dry run shows the pod as it would be, and makes none"
needs="20-demo"
check() {
    local said
    said=$(simple dry | k -n "$demo" apply --dry-run=server -o yaml -f -)
    expect "the pod" "$said" 'name: sidecar-proxy'
    gone "$demo" pod/dry || fail "a dry run made a pod"
    note "sidecar-proxy is in the answer, the pod is not in the cluster"
}
gone() { ! k -n "$1" get "$2" >/dev/null 2>&1; }
