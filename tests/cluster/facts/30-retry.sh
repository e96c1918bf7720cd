says="retry hides the failures of a backend of whose answers every tenth is 503"
needs="20-demo"
check() {
    local said
    eventually 90 policy_arrived
    said=$(load /flaky/1 50 6)
    echo "$said"
    expect "successes" "$(evaluate "$said" 'it["status"] == {"200": 300}')" '^true$'
    expect "second attempts" "$(evaluate "$said" 'sum(n for a, n in it["attempts"].items() if a not in ("1", "?")) >= 20')" '^true$'
    note "$said"
}
policy_arrived() { look "$demo" "$(pod "$demo" app=shop)" /metrics | grep -q 'sidecar_' && load /flaky/1 5 1 | grep -q '"attempts": {"[1-4]"'; }
