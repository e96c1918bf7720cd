says="the injector's processes are not root, have no capability, no new privileges and a read-only root"
needs="11-install"
check() {
    local name id pid
    for name in $(pods "$own" app.kubernetes.io/name=sidecar-injector); do
        id=$(k -n "$own" get pod "$name" -o jsonpath='{.status.containerStatuses[0].containerID}')
        pid=$(ctr -a "$cluster/containerd.sock" -n k8s.io task list | awk -v id="${id#containerd://}" '$1 == id { print $2 }')
        status=$(cat "/proc/$pid/status")
        expect "user" "$status" $'\nUid:\t6102\t6102'
        expect "capabilities" "$status" $'\nCapEff:\t0000000000000000'
        expect "no new privileges" "$status" $'\nNoNewPrivs:\t1'
        expect "seccomp filter" "$status" $'\nSeccomp:\t2'
        expect "root" "$(head -n 1 "/proc/$pid/mounts")" ' / overlay ro,'
    done
    note "uid 6102, CapEff 0, NoNewPrivs 1, Seccomp 2, / read-only"
}
