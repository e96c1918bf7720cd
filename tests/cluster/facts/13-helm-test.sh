says="helm test passes"
needs="11-install"
check() {
    local said
    said=$("$helm" test sidecar --namespace "$own" --timeout 60s 2>&1) || { echo "$said"; k -n "$own" logs sidecar-injector-check; fail "helm test failed"; }
    note "$(grep -E '^Phase' <<<"$said")"
}
