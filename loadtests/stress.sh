#!/usr/bin/env bash
# Shows the rows of loss, duplicates, reload and restart on the published binary and writes loadtests/results/stress-<date>-<commit>.md.
#   loadtests/stress.sh [ROW…] [requests=N] [reloads=N]     some rows, or less of them: prints, and writes nothing
# Loopback and network namespaces only (root for the rolling restart and the count of exceptions), ends what it starts.
# SIDECAR_BENCH_PROXY names another binary. loadtests/README.md explains each row.
set -euo pipefail
. "$(dirname "$0")/../tests/steps.sh"
cd "$root"

# shellcheck disable=SC2086 # rows may come as one word, from make
set -- ${*:-}
PATH=$PATH:/usr/sbin:/sbin
for tool in python3 nginx haproxy taskset curl; do
    command -v "$tool" >/dev/null || die "stress: $tool is missing; make deps-bench installs it"
done
[ -n "${SIDECAR_BENCH_PROXY:-}" ] || tests/aot/publish.sh
export SIDECAR_BENCH_PROXY=${SIDECAR_BENCH_PROXY:-$root/artifacts/bin/sidecar-proxy}
loadtests/publish.sh
export SIDECAR_BENCH_LOADGEN=$root/artifacts/bin/sidecar-loadgen
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"
exec timeout -k 15 1800 python3 loadtests/measure/stress.py "$@"
