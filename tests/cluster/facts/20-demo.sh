says="one label, and every pod of the namespace has a sidecar, in the plain form on this version"
needs="11-install"
limit="180"
check() {
    k label namespace "$demo" sidecarproxy.io/inject=enabled --overwrite
    # The service first: the client's first call at its start must find it.
    k -n "$demo" apply -f "$root/tests/cluster/demo/demo.yaml"
    k -n "$demo" rollout status deployment/orders --timeout=90s
    k -n "$demo" rollout restart deployment/shop
    k -n "$demo" rollout status deployment/shop --timeout=90s
    local name
    for name in $(pods "$demo" 'app in (orders, shop)'); do
        expect "containers of $name" "$(containers "$demo" "$name")" '^sidecar-proxy (orders|shop)$'
        expect "init containers of $name" "$(k -n "$demo" get pod "$name" -o jsonpath='{.spec.initContainers[*].name}')" '(^| )sidecar-init$'
        expect "status annotation of $name" "$(k -n "$demo" get pod "$name" -o jsonpath='{.metadata.annotations.sidecarproxy\.io/status}')" '^\{.*\}$'
    done
    eventually 30 one_each
    note "$(k -n "$demo" get pods --no-headers | tr -s ' ' | cut -d' ' -f1-4 | paste -sd, | sed 's/,/, /g')"
}
one_each() { [ "$(pods "$demo" app=shop | wc -l)" -eq 1 ] && ready "$demo" "$(pod "$demo" app=shop)"; }
