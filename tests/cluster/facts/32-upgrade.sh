says="a policy changed by helm upgrade reaches the running proxies, without a restart, within 90 s"
needs="20-demo 30-retry"
limit="240"
check() {
    local before after began
    before=$(restarts "$demo" app=shop)
    eventually 100 waits
    release namespaces.demo.routes.slow.policy.timeouts.request=500ms
    began=$SECONDS
    eventually 100 times_out
    [ $((SECONDS - began)) -le 90 ] || fail "it took $((SECONDS - began)) s"
    after=$(restarts "$demo" app=shop)
    [ "$before" = "$after" ] || fail "restarts: before '$before', after '$after'"
    note "timeouts.request 10s -> 500ms took $((SECONDS - began)) s; pods and restarts are the same: $after"
    release
}
times_out() { load /slow/1 2 1 | grep -q '"status": {"504": 2}, "flags": {"[A-Z,]*UT'; }
waits() { load /slow/1 2 1 | grep -q '"status": {"200": 2}'; }
