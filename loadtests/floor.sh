#!/usr/bin/env bash
# What a request costs with less and less around it: the programs of loadtests/floor beside the proxy and HAProxy.
#   loadtests/floor.sh           CPU, bytes and system calls; writes loadtests/results/floor-<date>-<commit>.md
#   loadtests/floor.sh profile   where the CPU goes, by symbol; writes loadtests/results/profile-<date>-<commit>.md (linux-perf)
# Loopback only, five to ten minutes (profile: two), ends what it starts. loadtests/README.md explains the modes.
#   SIDECAR_BENCH_ROUNDS   rounds of the CPU comparison (default 20)
#   SIDECAR_BENCH_PROXY    another binary to measure (default artifacts/bin/sidecar-proxy); profile wants its .dbg beside it or in ../symbols
#   SIDECAR_BENCH_LOCK     a file that is locked for each round, where several runs share a machine
set -euo pipefail
. "$(dirname "$0")/../tests/steps.sh"
cd "$root"

PATH=$PATH:/usr/sbin:/sbin
for tool in python3 nginx haproxy wrk strace taskset perf; do
    command -v "$tool" >/dev/null || die "floor: $tool is missing; make deps-bench installs it (perf: the package linux-perf)"
done
[ -n "${SIDECAR_BENCH_PROXY:-}" ] || tests/aot/publish.sh
export SIDECAR_BENCH_PROXY=${SIDECAR_BENCH_PROXY:-$root/artifacts/bin/sidecar-proxy}
if [ -z "${SIDECAR_BENCH_LOADGEN:-}" ]; then
    loadtests/publish.sh
    export SIDECAR_BENCH_LOADGEN=$root/artifacts/bin/sidecar-loadgen
fi
loadtests/publish.sh floor
export SIDECAR_BENCH_FLOOR=$root/artifacts/bin/sidecar-floor
exec timeout -k 15 1800 python3 loadtests/measure/floor.py "$@"
