says="a namespace's own chart replaces a route of the platform, installed with rights in that namespace only"
needs="20-demo 32-upgrade"
limit="240"
check() {
    k -n "$demo" create serviceaccount team --dry-run=client -o yaml | k apply -f -
    k -n "$demo" create role team --verb='*' --resource=configmaps,secrets --dry-run=client -o yaml | k apply -f -
    k -n "$demo" create rolebinding team --role=team --serviceaccount="$demo:team" --dry-run=client -o yaml | k apply -f -
    local secret token
    secret=$(k -n "$demo" get serviceaccount team -o jsonpath='{.secrets[0].name}')
    token=$(k -n "$demo" get secret "$secret" -o jsonpath='{.data.token}' | base64 -d)
    cat >"$cluster/own.yaml" <<'VALUES'
routes:
  slow: { direction: outbound, match: { service: orders.demo, path: "/stall/{**rest}" }, forwardTo: original, policy: { timeouts: { request: 300ms } } }
VALUES
    KUBECONFIG=/dev/null "$helm" upgrade --install policies "$root/helm/sidecar-policies" --namespace "$demo" --values "$cluster/own.yaml" \
        --kube-apiserver https://10.250.0.1:6443 --kube-ca-file "$cluster/ca.crt" --kube-token "$token"
    local began=$SECONDS
    eventually 100 replaced
    note "the route 'slow' of the namespace's chart replaced the platform's after $((SECONDS - began)) s"
    KUBECONFIG=/dev/null "$helm" uninstall policies --namespace "$demo" \
        --kube-apiserver https://10.250.0.1:6443 --kube-ca-file "$cluster/ca.crt" --kube-token "$token"
    k -n "$demo" delete rolebinding/team role/team serviceaccount/team
}
# The route of this id is another one now: /stall ends after 300 ms, and nothing but its general route matches /slow.
replaced() { load /stall/1 2 1 | grep -q '"status": {"504": 2}, "flags": {"[A-Z,]*UT' && load /slow/1 2 1 | grep -q '"status": {"200": 2}'; }
