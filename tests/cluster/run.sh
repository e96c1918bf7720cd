#!/usr/bin/env bash
# A real one-node Kubernetes, the charts installed with the real Helm, and every promise about Kubernetes looked at: each
# fact is printed as it is seen. The last line is `N passed, N failed, N skipped`.
#   run.sh [--only REGEX] [--keep] [--no-publish] [--list]
# --only runs the facts whose file name matches, and what they need; --keep leaves the cluster up (and a later run uses it
# as it is); --no-publish takes the binaries in artifacts/bin as they are; --list prints the facts. What each fact did is in
# artifacts/logs/cluster.
# The first run on a machine builds Kubernetes from Debian's source package (6 to 15 minutes) into SIDECAR_CLUSTER_CACHE.
set -euo pipefail
. "$(dirname "$0")/../steps.sh"
cd "$root"

only=. keep='' list='' publish=1
while [ $# -gt 0 ]; do
    case $1 in
        --only) only=$2 && shift 2 ;;
        --keep) keep=1 && shift ;;
        --no-publish) publish='' && shift ;;
        --list) list=1 && shift ;;
        *) sed -n '4,7p' "$0" && exit 64 ;;
    esac
done
if [ -n "$list" ]; then
    for file in tests/cluster/facts/*.sh; do
        printf '%-28s %s\n' "$(basename "$file" .sh)" "$(sed -n 's/^says="\(.*\)"$/\1/p' "$file")"
    done
    exit
fi

export SIDECAR_CLUSTER_CACHE=${SIDECAR_CLUSTER_CACHE:-/var/cache/sidecar-cluster}
cluster=${SIDECAR_CLUSTER_STATE:-/tmp/sidecar-cluster}
export SIDECAR_CLUSTER_LOGS=$logs/cluster
mkdir -p "$SIDECAR_CLUSTER_LOGS"

# Nothing was tested: said in the words of the last line, with the reason above it.
give_up() { echo "$1" && echo "0 passed, 1 failed, 0 skipped" && exit 1; }
[ "$(uname -s)" = Linux ] || give_up "test-cluster: this is not Linux"
[ "$(id -u)" -eq 0 ] || give_up "test-cluster: only root can make namespaces and control groups: sudo make test-cluster"

step cluster/kubernetes "Kubernetes 1.20.2 from Debian's source package, built once into $SIDECAR_CLUSTER_CACHE" \
    tests/cluster/kubernetes-from-debian.sh "$SIDECAR_CLUSTER_CACHE/kubernetes" "$SIDECAR_CLUSTER_CACHE/kubernetes-build" ||
    give_up "test-cluster: no Kubernetes"
tests/helm/tools.sh
[ -x artifacts/tools/helm ] || give_up "test-cluster: no Helm"
[ -z "$publish" ] || tests/aot/publish.sh || give_up "test-cluster: no binaries"
step cluster/standins "stand-ins for the base images" tests/cluster/images.sh standins || give_up "test-cluster: no base images"
step cluster/quick "images of the published binaries, tag quick" tests/cluster/images.sh quick || give_up "test-cluster: no images"
step cluster/demo "image of the demo" tests/cluster/images.sh demo || give_up "test-cluster: no demo"

mapfile -t archives < <(tests/cluster/images.sh archive localhost/pause:1 localhost/sidecar-{proxy,injector,init}:quick localhost/sidecar-demo:1)
cleanup() {
    if [ -n "$keep" ] && tests/cluster/cluster.sh alive "$cluster"; then
        echo "kept: tests/cluster/cluster.sh in $cluster kubectl get pods -A; its end: tests/cluster/cluster.sh down $cluster" >&2
    elif [ -e "$cluster/outer.pid" ]; then
        cp -r "$cluster"/log/. "$SIDECAR_CLUSTER_LOGS/" 2>/dev/null || true
        tests/cluster/cluster.sh down "$cluster"
        rm -rf "$cluster"
    fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

if tests/cluster/cluster.sh alive "$cluster"; then
    step cluster/load "the cluster that was kept; its images" tests/cluster/cluster.sh load "$cluster" "${archives[@]}"
else
    rm -rf "$cluster" "$SIDECAR_CLUSTER_LOGS"/facts
    IMAGES="${archives[*]}" step cluster/up "a one-node cluster" tests/cluster/cluster.sh up "$cluster" || give_up "test-cluster: no cluster"
fi

status=0
tests/cluster/facts.sh "$cluster" "$only" || status=$?
exit "$status"
