says="helm test passes"
needs="11-install"
check() {
    local said
    said=$("$helm" test sidecar --namespace "$own" --timeout 60s --logs 2>&1) || { k -n "$own" get pods; fail "$said"; }
    note "$(grep -E '^Phase' <<<"$said")"
}
