says="a namespace whose Pod Security level refuses sidecar-init is skipped with the reason pod-security"
needs="11-install"
check() {
    local said
    k create namespace restricted --dry-run=client -o yaml | k apply -f -
    k label namespace restricted sidecarproxy.io/inject=enabled pod-security.kubernetes.io/enforce=restricted --overwrite
    eventually 20 warned
    k delete namespace restricted --wait=false
    note "$(grep -m 1 Warning <<<"$said")"
}
# The injector holds the namespaces by watch: a new label is there a moment later.
warned() { said=$(simple secured | k -n restricted apply --dry-run=server -o yaml -f - 2>&1) && [[ $said =~ Warning:.*pod-security ]]; }
