says="a rolling restart of the service under load loses no request"
needs="20-demo"
limit="180"
check() {
    local said
    load /orders/1 100 45 8 >"$cluster/load.json" &
    sleep 3
    k -n "$demo" rollout restart deployment/orders
    k -n "$demo" rollout status deployment/orders --timeout=60s
    wait $!
    said=$(cat "$cluster/load.json")
    echo "$said"
    expect "answers" "$(evaluate "$said" 'it["status"] == {"200": 4500} and not it["errors"]')" '^true$'
    note "$said"
}
