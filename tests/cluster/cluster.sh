#!/usr/bin/env bash
# A real one-node Kubernetes in network, mount and process namespaces of its own: nothing listens outside of them, no rule
# of this machine is touched, and everything inside ends with the first process in it.
#   cluster.sh up DIR [api]   etcd, API server, controller manager; without `api` also scheduler, containerd, kubelet and
#                             kube-proxy. IMAGES="a.tar b.tar" names docker archives to load; one holds localhost/pause:1.
#   cluster.sh in DIR CMD…    runs CMD inside; KUBECONFIG is set; the node's addresses are 10.250.0.1 and fd25::1
#   cluster.sh load DIR TAR…  loads further docker archives
#   cluster.sh alive DIR      exit code 0: it runs
#   cluster.sh down DIR       ends it and removes what it left in the control groups; DIR/log stays
# The binaries are kubernetes-from-debian.sh's. LIFETIME (default 3600) seconds after its start it ends by itself.
set -euo pipefail
self=$(realpath "$0")
command=${1:-} dir=$(realpath -m "${2:-/nonexistent}")
binaries=${SIDECAR_CLUSTER_CACHE:-/var/cache/sidecar-cluster}/kubernetes
group=/sidecar-cluster-$(basename "$dir") # of the pods, in every hierarchy: another kubelet's are not ours to end

first() { cat "$dir/first.pid"; } # the first process inside, by its number outside

groups_remove() {
    local hierarchy
    for hierarchy in /sys/fs/cgroup/*"$group" "/sys/fs/cgroup$group"; do
        [ ! -d "$hierarchy" ] || find "$hierarchy" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
}

up() {
    [ -x "$binaries/hk" ] || { echo "no Kubernetes in $binaries: tests/cluster/kubernetes-from-debian.sh builds it" >&2; return 1; }
    mkdir -p "$dir/log"
    # --kill-child: whatever ends this process ends everything inside. Its output is the log of the start.
    nohup timeout -k 5 "${LIFETIME:-3600}" unshare --net --mount --pid --fork --mount-proc --kill-child=KILL --propagation private \
        bash "$self" inside "$dir" "${3:-node}" >"$dir/log/start.log" 2>&1 </dev/null &
    local outer=$! waited
    echo "$outer" >"$dir/outer.pid"
    for ((waited = 0; waited < 360; waited++)); do
        if [ -e "$dir/ready" ]; then
            pgrep -P "$(pgrep -P "$outer" -x unshare)" >"$dir/first.pid"
            return 0
        fi
        if [ -e "$dir/failed" ] || ! kill -0 "$outer" 2>/dev/null; then break; fi
        sleep 0.5
    done
    echo "the cluster did not start; $dir/log/start.log:" >&2
    tail -n 20 "$dir/log/start.log" >&2
    down
    return 1
}

down() {
    local outer waited
    if outer=$(cat "$dir/outer.pid" 2>/dev/null) && kill "$outer" 2>/dev/null; then
        for ((waited = 0; waited < 40; waited++)); do
            kill -0 "$outer" 2>/dev/null || break
            sleep 0.25
        done
    fi
    for ((waited = 0; waited < 20; waited++)); do
        groups_remove
        compgen -G "/sys/fs/cgroup/*$group" >/dev/null || break
        sleep 0.25
    done
    # Everything but the logs; the mounts in it went with their namespace.
    find "$dir" -mindepth 1 -maxdepth 1 -not -name log -exec rm -rf --one-file-system {} +
}

case $command in
    up) up "$@" && exit ;;
    load)
        shift 2
        for archive in "$@"; do
            nsenter -t "$(first)" -n -m -p -- ctr -a "$dir/containerd.sock" -n k8s.io images import "$archive" >>"$dir/log/images.log" 2>&1
        done
        exit
        ;;
    alive) [ -e "$dir/ready" ] && kill -0 "$(cat "$dir/outer.pid")" 2>/dev/null && exit 0 || exit 1 ;;
    in) shift 2 && exec nsenter -t "$(first)" -n -m -p -- env KUBECONFIG="$dir/kubeconfig" "$@" ;;
    down) down && exit ;;
    inside) ;;
    *) sed -n '2,11p' "$self" && exit 64 ;;
esac

# From here on: inside, as process 1.
cd "$dir"
set +e
address=10.250.0.1
fail() { echo "$1" && touch failed && exit 1; }
declare -A names
run() { # run NAME COMMAND…: in the background, its output in log/NAME.log
    local name=$1
    shift
    "$@" >"log/$name.log" 2>&1 &
    names[$!]=$name
}
wait_for() { # wait_for WHAT COMMAND…
    local what=$1 tries
    shift
    for ((tries = 0; tries < 300; tries++)); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.3
    done
    fail "$what within 90 s: no"
}
certificate() { # certificate NAME SUBJECT ALTERNATIVES
    openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" 2>/dev/null
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" -extfile <(echo "subjectAltName=$3") 2>/dev/null
}

umount /sys/fs/cgroup/unified 2>/dev/null # on hybrid control groups the runtimes are shown plain version 1
for hierarchy in /sys/fs/cgroup/*/; do [ "$hierarchy" = /sys/fs/cgroup/unified/ ] || mkdir -p "$hierarchy$group" 2>/dev/null; done
for folder in /run/netns /run/containerd /run/xtables.lock.d /var/lib/cni /var/log/pods /var/log/containers; do
    mkdir -p "$folder" && mount -t tmpfs tmpfs "$folder" # what they write there stays in here
done

ip link set lo up
ip link add node0 type veth peer name node1 # not every kernel has dummy devices
ip addr add "$address/24" dev node0
ip -6 addr add fd25::1/64 dev node0 nodad
ip link set node0 up && ip link set node1 up
ip route add default dev node0 && ip -6 route add default dev node0
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

openssl genrsa -out sa.key 2048 2>/dev/null && openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=test-cluster -days 30 2>/dev/null
certificate api /CN=kube-apiserver "IP:127.0.0.1,IP:$address,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
(
    umask 077
    token=$(openssl rand -hex 16)
    echo "$token,admin,admin,system:masters" >tokens.csv
    printf %s "$token" >token
    cat >kubeconfig <<KUBECONFIG
apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: "https://$address:6443", certificate-authority: "$dir/ca.crt" } }]
users: [{ name: u, user: { token: "$token" } }]
contexts: [{ name: x, context: { cluster: c, user: u } }]
current-context: x
KUBECONFIG
)
export KUBECONFIG=$dir/kubeconfig

run etcd etcd --data-dir "$dir/etcd" --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster default=http://127.0.0.1:2380 --unsafe-no-fsync
routing=()
# Without a node nobody turns a Service's address to its endpoints: the API server looks them up itself.
[ "${3:-node}" = node ] || routing=(--enable-aggregator-routing=true)
run api "$binaries/kube-apiserver" "${routing[@]}" --etcd-servers=http://127.0.0.1:2379 --bind-address=0.0.0.0 --advertise-address=$address --secure-port=6443 \
    --tls-cert-file=api.crt --tls-private-key-file=api.key --token-auth-file=tokens.csv --authorization-mode=RBAC \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file=sa.pub --service-account-signing-key-file=sa.key \
    --service-cluster-ip-range=10.96.0.0/16 --allow-privileged=true --kubelet-preferred-address-types=InternalIP
run controllers "$binaries/kube-controller-manager" --kubeconfig=kubeconfig --service-account-private-key-file=sa.key --root-ca-file=ca.crt \
    --leader-elect=false --controllers='*,-nodeipam' --cluster-signing-cert-file=ca.crt --cluster-signing-key-file=ca.key
wait_for "the API server answers" kubectl get --raw /readyz
wait_for "the default service account exists" kubectl -n default get serviceaccount default

if [ "${3:-node}" = node ]; then
    mkdir -p cni
    cat >cni/10-node.conflist <<CNI
{ "cniVersion": "0.4.0", "name": "node", "plugins": [
  { "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
    "ipam": { "type": "host-local", "dataDir": "$dir/ipam", "ranges": [[{ "subnet": "10.244.0.0/24" }], [{ "subnet": "fd44::/64" }]],
              "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }] } },
  { "type": "portmap", "capabilities": { "portMappings": true } }] }
CNI
    cat >containerd.toml <<CONTAINERD
version = 2
root = "$dir/containerd"
state = "$dir/containerd-state"
[grpc]
  address = "$dir/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$dir/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
CONTAINERD
    cat >kubelet.yaml <<KUBELET
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
cgroupRoot: $group
failSwapOn: false
authentication: { anonymous: { enabled: true }, webhook: { enabled: false } }
authorization: { mode: AlwaysAllow }
makeIPTablesUtilChains: false
enforceNodeAllocatable: []
evictionHard: { memory.available: 50Mi, nodefs.available: 1%, imagefs.available: 1% }
resolvConf: ""
KUBELET
    run containerd containerd -c containerd.toml
    wait_for "containerd answers" ctr -a containerd.sock version
    for archive in ${IMAGES:-}; do
        ctr -a containerd.sock -n k8s.io images import "$archive" >>log/images.log 2>&1 || fail "cannot load $archive"
    done
    run scheduler "$binaries/kube-scheduler" --kubeconfig=kubeconfig --leader-elect=false
    run kubelet "$binaries/kubelet" --kubeconfig=kubeconfig --config=kubelet.yaml --root-dir="$dir/kubelet" --cert-dir="$dir/kubelet/pki" \
        --hostname-override=node --node-ip=$address --container-runtime=remote --container-runtime-endpoint="unix://$dir/containerd.sock"
    run kube-proxy "$binaries/kube-proxy" --kubeconfig=kubeconfig --hostname-override=node --proxy-mode=iptables --cluster-cidr=10.244.0.0/16 \
        --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 --conntrack-tcp-timeout-close-wait=0 --metrics-bind-address=127.0.0.1:10249
    node_ready() { kubectl get node node 2>/dev/null | grep -q ' Ready'; }
    wait_for "the node is ready" node_ready
fi
touch ready

# One of the parts ended: the cluster is not one any more.
wait -n -p ended "${!names[@]}"
fail "${names[$ended]} ended with exit code $?"
