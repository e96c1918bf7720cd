says="a new CA and a new certificate come into use under load without one failed admission"
needs="20-demo"
limit="240"
check() {
    local before after said
    before=$(serial)
    /usr/bin/python3 "$root/tests/cluster/admissions.py" "$cluster" "$demo" 20 40 >"$cluster/admissions.json" &
    sleep 5
    k -n "$own" delete secret sidecar-injector-certificate
    eventually 60 renewed "$before"
    after=$(serial)
    wait $!
    said=$(cat "$cluster/admissions.json")
    echo "$said"
    expect "admissions" "$(evaluate "$said" 'it["sent"] == it["injected"] and it["sent"] >= 400')" '^true$'
    note "serial $before -> $after: $said"
}
serial() {
    k -n "$own" get secret sidecar-injector-certificate -o go-template='{{index .data "tls.crt" | base64decode}}' 2>/dev/null |
        openssl x509 -noout -serial 2>/dev/null | cut -d= -f2
}
# In use: what the webhook's port shows is the new one, at every replica.
renewed() {
    local name stored
    stored=$(serial)
    [ -n "$stored" ] && [ "$stored" != "$1" ] || return 1
    for name in $(pods "$own" app.kubernetes.io/name=sidecar-injector); do
        shown=$(openssl s_client -connect "$(address "$own" "$name"):8443" </dev/null 2>/dev/null | openssl x509 -noout -serial | cut -d= -f2)
        [ "$shown" = "$stored" ] || return 1
    done
}
