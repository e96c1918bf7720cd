says="annotations act in the pod: ports that are skipped, the log level, resources, no interception"
needs="20-demo"
check() {
    local said
    ANNOTATIONS='sidecarproxy.io/skip-outbound-ports: "80", sidecarproxy.io/log-level: debug, sidecarproxy.io/memory-limit: 96Mi' \
        SPEC='hostAliases: [{ ip: 10.96.10.10, hostnames: [orders.demo] }]' simple annotated | apply "$demo"
    ANNOTATIONS='sidecarproxy.io/interception: none' simple untouched | apply "$demo"
    eventually 60 ready "$demo" annotated
    expect "memory limit" "$(k -n "$demo" get pod annotated -o jsonpath='{.spec.containers[0].resources.limits.memory}')" '^96Mi$'
    said=$(k -n "$demo" exec annotated -c app -- python3 /demo/load.py http://orders.demo/flaky/1 50 1)
    expect "port 80 without the proxy: nobody retries" "$said" '"503": [1-9]'
    expect "without interception" "$(k -n "$demo" get pod untouched -o jsonpath='{.spec.initContainers[*].name}|{.spec.containers[?(@.name=="sidecar-proxy")].args}')" '^\|.*"run"'
    k -n "$demo" delete pod annotated untouched --wait=false
    note "skip-outbound-ports 80: $said"
}
