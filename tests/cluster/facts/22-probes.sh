says="probes are rewritten to the proxy, pass when the application is well and fail when it is not"
needs="20-demo"
check() {
    local name sick
    name=$(pod "$demo" app=orders)
    expect "readiness" "$(k -n "$demo" get pod "$name" -o jsonpath='{.spec.containers[?(@.name=="orders")].readinessProbe.httpGet.path} {.spec.containers[?(@.name=="orders")].readinessProbe.httpGet.port}')" '^/app-health/orders/readiness 15120$'
    expect "liveness" "$(k -n "$demo" get pod "$name" -o jsonpath='{.spec.containers[?(@.name=="orders")].livenessProbe.httpGet.path}')" '^/app-health/orders/liveness$'
    expect "the probe now" "$(curl -s -o /dev/null -w '%{http_code}' "http://$(address "$demo" "$name"):15120/app-health/orders/readiness")" '^200$'
    expect "an unknown one" "$(curl -s -o /dev/null -w '%{http_code}' "http://$(address "$demo" "$name"):15120/app-health/orders/startup")" '^404$'
    simple sick | sed 's|ports: \[{ containerPort: 8080 }\]|readinessProbe: { httpGet: { path: /no-such-page, port: 8080 }, periodSeconds: 1 }|' | apply "$demo"
    eventually 60 app_runs sick
    eventually 20 proxy_ready sick
    sleep 4
    ! ready "$demo" sick || fail "a pod is ready whose application answers its probe with 404"
    k -n "$demo" delete pod sick --wait=false
    note "orders: /healthz by way of :15120/app-health/orders/readiness 200; a pod whose page is missing stays not ready"
}
app_runs() { [ -n "$(k -n "$demo" get pod "$1" -o jsonpath='{.status.containerStatuses[?(@.name=="app")].state.running.startedAt}')" ]; }
proxy_ready() { k -n "$demo" get pod "$1" -o jsonpath='{.status.containerStatuses[?(@.name=="sidecar-proxy")].ready}' | grep -qx true; }
