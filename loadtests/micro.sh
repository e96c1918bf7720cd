#!/usr/bin/env bash
# The parts of a request measured alone, against the limits that PRODUCT states for them, with BenchmarkDotNet; writes
# loadtests/results/micro-<date>-<commit>.md and fails when a limit is missed. loadtests/README.md explains the method.
#   SIDECAR_MICRO_PASSES   how often everything is measured (default 5, a minute and a half each)
#   SIDECAR_BENCH_LOCK     a file that is locked while something is measured, where measurements take turns
set -euo pipefail
. "$(dirname "$0")/../tests/steps.sh"
cd "$root"

command -v python3 >/dev/null || die "micro: python3 is missing"
step micro-build "build: Sidecar.Benchmarks, Release" dotnet build loadtests/Sidecar.Benchmarks -c Release -v minimal --nologo
loadtests/publish.sh benchmarks || rm -f artifacts/bin/sidecar-benchmarks # the report says that it is missing
exec python3 loadtests/measure/micro.py
