#!/usr/bin/env bash
# Where the milliseconds of a start go: samples 20 starts of the native binary with 100 routes, each from exec to its first
# proxied 200, and sorts the samples by what was running. Needs perf and the right to use it; pins the proxy to one CPU.
#   loadtests/start.sh [STARTS]
#   SIDECAR_BENCH_PROXY, SIDECAR_BENCH_SYMBOLS   another binary and its symbols
set -euo pipefail
. "$(dirname "$0")/../tests/steps.sh"
cd "$root"

PATH=$PATH:/usr/sbin:/sbin
for tool in python3 nginx perf taskset; do
    command -v "$tool" >/dev/null || die "start: $tool is missing"
done
[ -n "${SIDECAR_BENCH_PROXY:-}" ] || tests/aot/publish.sh
export SIDECAR_BENCH_PROXY=${SIDECAR_BENCH_PROXY:-$root/artifacts/bin/sidecar-proxy} SIDECAR_BENCH_LOADGEN=
export SIDECAR_BENCH_SYMBOLS=${SIDECAR_BENCH_SYMBOLS:-$root/artifacts/symbols/sidecar-proxy.dbg}
exec timeout -k 15 300 python3 loadtests/measure/start.py "${1:-20}"
