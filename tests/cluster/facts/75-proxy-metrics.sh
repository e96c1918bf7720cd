says="a proxy's metrics can be scraped where the pod's annotations say"
needs="20-demo"
check() {
    local name annotations
    name=$(pod "$demo" app=orders)
    annotations=$(k -n "$demo" get pod "$name" -o jsonpath='{.metadata.annotations.prometheus\.io/scrape} {.metadata.annotations.prometheus\.io/port} {.metadata.annotations.prometheus\.io/path}')
    expect "annotations" "$annotations" '^true 15120 /metrics$'
    expect "samples" "$(look "$demo" "$name" /metrics | grep -vc '^#')" '^[1-9][0-9]+$'
    expect "controls from outside" "$(curl -s -o /dev/null -m 5 -w '%{http_code}' "http://$(address "$demo" "$name"):15120/config")" '^404$'
    note "prometheus.io: $annotations; $(look "$demo" "$name" /metrics | grep -vc '^#') samples; /config is not on that port"
}
