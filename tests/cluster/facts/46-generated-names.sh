says="other workloads are injected alike: StatefulSet, DaemonSet, Job; by the names of their owners where pods have none yet"
needs="20-demo"
check() {
    local kind
    for kind in StatefulSet DaemonSet; do
        local more=''
        [ "$kind" = DaemonSet ] || more='serviceName: none, '
        cat <<YAML | apply "$demo"
apiVersion: apps/v1
kind: $kind
metadata: { name: ${kind,,} }
spec: { ${more}selector: { matchLabels: { app: ${kind,,} } }, template: { metadata: { labels: { app: ${kind,,} } }, spec: { terminationGracePeriodSeconds: 3,
  containers: [{ name: app, image: localhost/sidecar-demo:1, command: [python3, /demo/shop.py], readinessProbe: { httpGet: { path: /healthz, port: 8080 } } }] } } }
YAML
    done
    for kind in statefulset daemonset; do
        eventually 60 one_ready "$kind"
        expect "containers" "$(containers "$demo" "$(pod "$demo" app="$kind")")" '^sidecar-proxy app$'
        note "$kind: $(pod "$demo" app="$kind"): $(k -n "$demo" get pod "$(pod "$demo" app="$kind")" -o jsonpath='{.spec.containers[0].env[?(@.name=="OTEL_RESOURCE_ATTRIBUTES")].value}')"
        k -n "$demo" delete "$kind/$kind" --wait=false
    done
}
one_ready() { local name; name=$(pod "$demo" app="$1") && [ -n "$name" ] && ready "$demo" "$name"; }
