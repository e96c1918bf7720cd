says="the certificate's Secret is deleted under load: what is served comes back into it, and no admission fails"
needs="20-demo"
check() {
    local before said
    before=$(serial)
    rm -f "$cluster/admissions.stop"
    /usr/bin/python3 "$root/tests/cluster/admissions.py" "$cluster" "$demo" 20 25 >"$cluster/admissions.json" &
    k -n "$own" delete secret sidecar-injector-certificate
    eventually 60 back "$before"
    wait $!
    said=$(cat "$cluster/admissions.json")
    echo "$said"
    expect "admissions" "$(evaluate "$said" 'it["sent"] == it["injected"] == 500')" '^true$'
    note "serial $before again: $said"
}
back() { [ "$(serial)" = "$1" ]; }
