says="in a pod the proxy is 6102:6102 without capabilities and with a read-only root; sidecar-init had NET_ADMIN and NET_RAW"
needs="20-demo"
check() {
    local name id pid
    name=$(pod "$demo" app=shop)
    id=$(k -n "$demo" get pod "$name" -o jsonpath='{.status.containerStatuses[?(@.name=="sidecar-proxy")].containerID}')
    pid=$(ctr -a "$cluster/containerd.sock" -n k8s.io task list | awk -v id="${id#containerd://}" '$1 == id { print $2 }')
    status=$(cat "/proc/$pid/status")
    expect "user" "$status" $'\nUid:\t6102\t6102'
    expect "group" "$status" $'\nGid:\t6102\t6102'
    expect "capabilities" "$status" $'\nCapEff:\t0000000000000000'
    expect "no new privileges" "$status" $'\nNoNewPrivs:\t1'
    expect "seccomp filter" "$status" $'\nSeccomp:\t2'
    expect "root" "$(head -n 1 "/proc/$pid/mounts")" ' / overlay ro,'
    added=$(k -n "$demo" get pod "$name" -o jsonpath='{.spec.initContainers[?(@.name=="sidecar-init")].securityContext.capabilities}')
    expect "sidecar-init" "$added" '"add":\["NET_ADMIN","NET_RAW"\]'
    expect "sidecar-init" "$added" '"drop":\["ALL"\]'
    note "proxy: $(awk '/^VmRSS/ { printf "%.0f MB resident", $2 / 1000 }' <<<"$status"); sidecar-init: $(k -n "$demo" logs "$name" -c sidecar-init | tail -n 1)"
}
