says="a serving certificate that is due is replaced in every replica under load, without one failed admission"
needs="20-demo"
limit="500"
check() {
    local before said work=$cluster/rotation
    # One that is at eight ninths of its life, of the same authority, takes the place of the one in the Secret.
    rm -rf "$work" "$cluster/admissions.stop" && mkdir -p "$work" && cd "$work"
    for part in ca.crt ca.key; do k -n "$own" get secret sidecar-injector-certificate -o go-template="{{index .data \"$part\" | base64decode}}" >"$part"; done
    printf '[ca]\ndefault_ca=d\n[d]\nnew_certs_dir=.\ndatabase=index\nserial=serial\npolicy=p\ndefault_md=sha256\n[p]\ncommonName=optional\n[x]\nsubjectAltName=DNS:sidecar-injector,DNS:sidecar-injector.%s,DNS:sidecar-injector.%s.svc,DNS:sidecar-injector.%s.svc.cluster.local\nextendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\n' "$own" "$own" "$own" >config
    : >index && echo 7e57 >serial
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key -out tls.csr -subj "/CN=sidecar-injector.$own.svc"
    openssl ca -config config -extensions x -batch -notext -in tls.csr -cert ca.crt -keyfile ca.key -out tls.crt \
        -startdate "$(date -u -d '80 days ago' +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d '10 days' +%Y%m%d%H%M%SZ)"
    before=$(served)
    /usr/bin/python3 "$root/tests/cluster/admissions.py" "$cluster" "$demo" 10 420 >"$cluster/admissions.json" &
    k -n "$own" patch secret sidecar-injector-certificate --type=merge \
        -p "{\"data\":{\"tls.crt\":\"$(base64 -w0 <tls.crt)\",\"tls.key\":\"$(base64 -w0 <tls.key)\"}}"
    # What API servers do not surely trust yet is not served: five minutes after caBundle was last seen to change.
    eventually 400 renewed "$before"
    sleep 5
    touch "$cluster/admissions.stop"
    wait $!
    said=$(cat "$cluster/admissions.json")
    echo "$said"
    expect "admissions" "$(evaluate "$said" 'it["sent"] == it["injected"] and it["sent"] >= 50')" '^true$'
    expect "authority" "$(k -n "$own" get secret sidecar-injector-certificate -o go-template='{{index .data "ca.crt" | base64decode}}' | sha256sum)" "^$(sha256sum <ca.crt | cut -d' ' -f1)"
    note "served serial $before -> $(served): $said"
}
served() {
    openssl s_client -connect "$(address "$own" "$(pod "$own" app.kubernetes.io/name=sidecar-injector)"):8443" </dev/null 2>/dev/null | openssl x509 -noout -serial | cut -d= -f2
}
# What every replica shows is what the Secret holds, and neither the old one nor the planted one.
renewed() {
    local name stored
    stored=$(serial)
    [ -n "$stored" ] && [ "$stored" != "$1" ] && [ "$stored" != 7E57 ] || return 1
    for name in $(pods "$own" app.kubernetes.io/name=sidecar-injector); do
        shown=$(openssl s_client -connect "$(address "$own" "$name"):8443" </dev/null 2>/dev/null | openssl x509 -noout -serial | cut -d= -f2)
        [ "$shown" = "$stored" ] || return 1
    done
}
