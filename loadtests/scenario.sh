#!/usr/bin/env bash
# Runs one suite of loadtests/scenarios with the proxy, peers and backend that it wants:
#   loadtests/scenario.sh NAME [SETTING=VALUE…]      reports in artifacts/load/NAME*.{txt,md,csv,json,html}
# Without a name it prints the list. SIDECAR_BENCH_PROXY names another binary to measure.
set -euo pipefail
. "$(dirname "$0")/../tests/steps.sh"
cd "$root"

# shellcheck disable=SC2086 # a name and its settings may come as one word, from make
set -- ${*:-}
PATH=$PATH:/usr/sbin:/sbin
for tool in python3 nginx haproxy taskset; do
    command -v "$tool" >/dev/null || die "scenario: $tool is missing; make deps-bench installs it"
done
[ -n "${SIDECAR_BENCH_PROXY:-}" ] || tests/aot/publish.sh
export SIDECAR_BENCH_PROXY=${SIDECAR_BENCH_PROXY:-$root/artifacts/bin/sidecar-proxy}
loadtests/publish.sh
export SIDECAR_BENCH_LOADGEN=$root/artifacts/bin/sidecar-loadgen
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)" # the suite of connections wants 10 000 on each side
exec python3 loadtests/measure/scenario.py "$@"
