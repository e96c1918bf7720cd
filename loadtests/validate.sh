#!/usr/bin/env bash
# Compares our generator with wrk and h2load, and with a stall whose length is known. By hand, on a quiet machine:
#   1. closed loop: the rate of wrk and of ours over the same 16 connections to nginx, alternating, 5 rounds; and nginx's
#      own count of requests against our count of answers
#   2. one connection: the median latency of wrk and of ours
#   3. h2c: the calls of h2load and of ours both succeed (rates differ: ours is the framework's client)
#   4. a stall: nginx is stopped for 100 ms under 1 000 requests a second. Open loop: about 100 requests are delayed
#      and none fails; closed loop: one per connection
# Fails when 1 is more than 15 % below wrk or the counts differ, 2 differs by more than 20 % and 10 µs, or 4 does not show the stall.
set -euo pipefail
. "$(dirname "$0")/../tests/steps.sh"
cd "$root"

PATH=$PATH:/usr/sbin:/sbin
for tool in nginx wrk h2load taskset python3; do
    command -v "$tool" >/dev/null || die "validate: $tool is missing; make deps-bench installs it"
done
loadtests/publish.sh
SIDECAR_BENCH_LOADGEN=$root/artifacts/bin/sidecar-loadgen SIDECAR_BENCH_PROXY=none exec timeout -k 15 300 python3 loadtests/measure/validate.py
