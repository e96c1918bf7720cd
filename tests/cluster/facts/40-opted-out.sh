says="a pod that opts out gets no sidecar"
needs="11-install 20-demo"
check() {
    local said
    said=$(LABELS='sidecarproxy.io/inject: disabled' simple opted-out | apply "$demo")
    echo "$said"
    expect "its containers" "$(containers "$demo" opted-out)" '^app$'
    # The webhook's selector leaves such a pod out: nobody is asked, so nobody warns.
    expect "explain" "$(LABELS='sidecarproxy.io/inject: disabled' simple opted-out | "$injector" explain -f - 2>&1 || true)" 'opted-out'
    k -n "$demo" delete pod opted-out --wait=false
    note "$said; explain: opted-out"
}
