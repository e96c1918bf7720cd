says="helm installs the chart; two replicas get ready, the webhooks know their CA"
limit="180"
check() {
    k create namespace "$demo" --dry-run=client -o yaml | k apply -f -
    # What a later uninstall must give back.
    "$root/tests/cluster/everything.sh" >"$cluster/before.txt"
    release
    k -n "$own" rollout status deployment/sidecar-injector --timeout=60s
    expect "ready replicas" "$(k -n "$own" get deployment sidecar-injector -o jsonpath='{.status.readyReplicas}')" '^2$'
    for kind in mutating validating; do
        bundles=$(k get "${kind}webhookconfiguration" sidecar-injector -o jsonpath='{range .webhooks[*]}{.name}={.clientConfig.caBundle}{"\n"}{end}')
        expect "$kind: CA" "$bundles" '\.sidecarproxy\.io=[A-Za-z0-9+/=]{100}'
    done
    note "$("$helm" version --short), $(kubectl version 2>/dev/null | grep -i server)"
    note "$("$helm" -n "$own" list | tail -n 1 | tr -s ' \t' ' ')"
}
