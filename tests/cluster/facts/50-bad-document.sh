says="a ConfigMap with a bad policy is refused when it is applied, with every error; a good one is accepted"
needs="11-install"
check() {
    local said
    document() { # document POLICY
        printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: sidecar-policies, labels: { sidecarproxy.io/document: "true" } }\ndata:\n  sidecar.yaml: |\n    version: 1\n    policies:\n      p: %s\n' "$1"
    }
    said=$(document '{ retry: { maxRetries: many }, timeouts: { reqest: 5s }, circuitBreaker: { failureRatio: 7 } }' | apply default || true)
    echo "$said"
    for word in 'denied the request' 'maxRetries' 'reqest' 'failureRatio'; do expect "the refusal" "$said" "$word"; done
    ! k -n default get configmap sidecar-policies >/dev/null 2>&1 || fail "it was stored all the same"
    note "$said"
    expect "a good one" "$(document '{ retry: { maxRetries: 2 } }' | apply default)" 'created'
    k -n default delete configmap sidecar-policies
}
