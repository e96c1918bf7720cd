says="helm uninstall leaves nothing"
needs="11-install"
limit="420"
check() {
    "$helm" uninstall sidecar --namespace "$own" --wait --timeout 60s
    k delete namespace "$own" --wait=true --timeout=150s # controllers take its objects one after the other
    # What the demo brought is not the chart's.
    k label namespace "$demo" sidecarproxy.io/inject-
    k -n "$demo" delete deployment,service,job --all --wait=true --timeout=60s
    k -n "$demo" delete pod --all --wait=false
    eventually 120 empty
    "$root/tests/cluster/everything.sh" >"$cluster/after.txt"
    diff "$cluster/before.txt" "$cluster/after.txt" || fail "the difference: $(diff "$cluster/before.txt" "$cluster/after.txt" | grep '^[<>]' | paste -sd' ')"
    note "$(wc -l <"$cluster/after.txt") objects of every kind, the same as before the installation"
    # It is not there any more for a later run in a kept cluster.
    rm -f "$cluster"/passed/*
}
empty() { [ -z "$(k get pods --all-namespaces -o name)" ]; }
