says="in a namespace without the label a pod asks for itself; without ConfigMaps everything passes through and readyz says so"
needs="11-install"
check() {
    k create namespace unlabelled --dry-run=client -o yaml | k apply -f -
    LABELS='sidecarproxy.io/inject: enabled' SPEC='hostAliases: [{ ip: 10.96.10.10, hostnames: [orders.demo] }]' simple asks | apply unlabelled
    simple silent | apply unlabelled
    expect "the silent one" "$(containers unlabelled silent)" '^app$'
    expect "the asking one" "$(containers unlabelled asks)" '^sidecar-proxy app$'
    eventually 60 ready unlabelled asks
    local verbose called
    verbose=$(admin unlabelled asks app '/readyz?verbose')
    echo "$verbose"
    expect "readyz" "$verbose" '/etc/sidecar/policies/sidecar.yaml'
    called=$(k -n unlabelled exec asks -c app -- python3 /demo/load.py http://orders.demo/orders/1 20 1)
    expect "a call" "$called" '"status": \{"200": 20\}'
    expect "its route" "$(look unlabelled asks /metrics)" 'http_server_request_duration_seconds_count\{[^}]*direction="outbound",route="passthrough"'
    k delete namespace unlabelled --wait=false
    note "$(tr -d '\n' <<<"$verbose" | tr -s ' ' | cut -c1-300)"
}
