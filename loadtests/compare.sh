#!/usr/bin/env bash
# make bench-compare BASE=loadtests/results/….md [NEW=loadtests/results/….md]
# Measures (unless NEW names a result that is there) and fails when a row is worse than in BASE beyond the intervals of both.
set -euo pipefail
. "$(dirname "$0")/../tests/steps.sh"
cd "$root"

base=${1:-}
[ -n "$base" ] || die "BASE names the result to compare with, for example: make bench-compare BASE=$(ls loadtests/results/2*.md | tail -n 1)"
[ -f "$base" ] || base=loadtests/$base
[ -f "$base" ] || die "there is no result $1"
new=${2:-}
if [ -z "$new" ]; then
    loadtests/measure.sh
    new=$(ls -t loadtests/results/2*.md | head -n 1)
fi
[ "$new" -ef "$base" ] && die "the new result has replaced BASE: same day, same commit; compare with a copy"
exec python3 loadtests/measure/compare.py "$base" "$new"
