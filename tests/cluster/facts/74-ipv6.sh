says="IPv6 between pods goes through both proxies"
needs="20-demo"
check() {
    local name six said before
    name=$(pod "$demo" app=orders)
    six=$(k -n "$demo" get pod "$name" -o jsonpath='{.status.podIPs[1].ip}')
    [[ $six == *:* ]] || six=$(k -n "$demo" exec "$name" -c orders -- python3 -c 'import re; print(next(":".join(re.findall("....", l.split()[0])) for l in open("/proc/net/if_inet6") if l.split()[3] == "00"))')
    seen() { look "$demo" "$1" /metrics | awk -v d="direction=\"$2\"" '/^http_server_request_duration_seconds_count/ && index($0, d) { n += $NF } END { print n + 0 }'; }
    before=$(seen "$name" inbound)
    said=$(k -n "$demo" exec "$(pod "$demo" app=shop)" -c shop -- python3 /demo/load.py "http://[$six]:8080/orders/1" 20 2)
    expect "answers" "$said" '"status": \{"200": 40\}'
    [ $(($(seen "$name" inbound) - before)) -ge 40 ] || fail "the service's proxy saw only $(($(seen "$name" inbound) - before))"
    note "$six: $said"
}
