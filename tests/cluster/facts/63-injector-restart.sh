says="a rolling restart of the injector under load fails no admission"
needs="20-demo"
limit="180"
check() {
    local said
    rm -f "$cluster/admissions.stop"
    /usr/bin/python3 "$root/tests/cluster/admissions.py" "$cluster" "$demo" 20 30 >"$cluster/admissions.json" &
    sleep 3
    k -n "$own" rollout restart deployment/sidecar-injector
    k -n "$own" rollout status deployment/sidecar-injector --timeout=60s
    wait $!
    said=$(cat "$cluster/admissions.json")
    echo "$said"
    expect "admissions" "$(evaluate "$said" 'it["sent"] == it["injected"] and it["sent"] >= 400')" '^true$'
    note "$said"
}
