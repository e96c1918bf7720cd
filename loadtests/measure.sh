#!/usr/bin/env bash
# Measures the numbers of the README on this machine and writes loadtests/results/<date>-<commit>.md.
# About ten minutes; loopback, and as root a network namespace for what is intercepted; ends what it starts. loadtests/README.md explains each measure.
#   SIDECAR_BENCH_ROUNDS   rounds of the CPU comparison (default 12; below 10 the intervals are wide)
#   SIDECAR_BENCH_PROXY    another binary to measure (default artifacts/bin/sidecar-proxy)
set -euo pipefail
. "$(dirname "$0")/../tests/steps.sh"
cd "$root"

PATH=$PATH:/usr/sbin:/sbin
for tool in python3 nginx haproxy wrk h2load strace taskset chrt; do
    command -v "$tool" >/dev/null || die "measure: $tool is missing; make deps-bench installs it"
done
[ -n "${SIDECAR_BENCH_PROXY:-}" ] || tests/aot/publish.sh
export SIDECAR_BENCH_PROXY=${SIDECAR_BENCH_PROXY:-$root/artifacts/bin/sidecar-proxy}
loadtests/publish.sh
export SIDECAR_BENCH_LOADGEN=$root/artifacts/bin/sidecar-loadgen
exec timeout -k 15 660 python3 loadtests/measure/main.py
