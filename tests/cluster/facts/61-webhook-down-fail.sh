says="with the injector down and failurePolicy Fail a pod is refused, and the message names the webhook"
needs="20-demo"
limit="240"
check() {
    local said
    release webhook.failurePolicy=Fail
    injector_down
    said=$(simple refused | apply "$demo" || true)
    echo "$said"
    expect "the refusal" "$said" 'failed calling webhook "pods-by-namespace.sidecarproxy.io"'
    gone "$demo" pod/refused || fail "the pod was created all the same"
    # The cluster's own namespaces and the release's are not held up: the injector itself can come back.
    said+=$'\n'$(simple elsewhere | apply default)
    expect "an unlabelled namespace" "$said" 'pod/elsewhere created'
    k -n default delete pod elsewhere --wait=false
    injector_up
    note "$(head -n 1 <<<"$said")"
}
