#!/usr/bin/env bash
# Publishes a native binary of loadtests/ into artifacts/bin. Apart from tests/aot/publish.sh, because these are no part
# of the product; it takes that script's framework. Does nothing when the sources did not change.
#   loadtests/publish.sh             the load generator, sidecar-loadgen
#   loadtests/publish.sh benchmarks  the operations of the micro-benchmarks, sidecar-benchmarks
#   loadtests/publish.sh floor       the programs of loadtests/floor, sidecar-floor; its symbols go to artifacts/symbols
set -euo pipefail
. "$(dirname "$0")/../tests/steps.sh"
cd "$root"

case ${1:-loadgen} in
    loadgen) project=Sidecar.LoadGen binary=sidecar-loadgen what="the load generator" sources=(loadtests/Sidecar.LoadGen loadtests/scenarios) ;;
    benchmarks) project=Sidecar.Benchmarks binary=sidecar-benchmarks what="the benchmarks" sources=(loadtests/Sidecar.Benchmarks loadtests/Sidecar.LoadGen src) ;;
    floor) project=floor/Sidecar.Floor binary=sidecar-floor what="the floor programs" sources=(loadtests/floor/Sidecar.Floor) ;;
    *) die "loadtests/publish.sh knows loadgen, benchmarks and floor" ;;
esac
case "$(uname -m)" in
    x86_64) rid=linux-x64 ;;
    aarch64) rid=linux-arm64 ;;
    *) die "$what: a native binary is built on Linux x64 and arm64" ;;
esac
framework=${SIDECAR_FRAMEWORK:-$(tail -n +2 artifacts/native/framework 2>/dev/null || true)}
[ -n "$framework" ] || { tests/aot/publish.sh && framework=$(tail -n +2 artifacts/native/framework); }

stamp=$root/artifacts/native/published-$binary
wanted=$framework\ $({ dotnet --version; find "${sources[@]}" Directory.*.props Directory.*.targets -type f -print0 | sort -z | xargs -0 sha256sum; } | sha256sum)
if [ -x "artifacts/bin/$binary" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    echo "==> publish: $binary unchanged"
    exit 0
fi
step "publish-$binary" "publish: $binary as native binary for $framework" \
    dotnet publish "loadtests/$project/$(basename "$project").csproj" -c Release -r "$rid" --self-contained \
    -p:PublishAot=true -p:SidecarTargetFramework="$framework" \
    --artifacts-path "$root/artifacts/native" -o "$root/artifacts/native/out/$binary" -v minimal --nologo
# One line is known and harmless: src/decisions/0005-yarp-surface.md.
known='HashCookieSessionAffinityPolicy.*System\.IO\.Hashing'
[ "$binary" != sidecar-floor ] || known='^$' # it has nothing of session affinity
if grep -E '\bIL[23][0-9]{3}\b' "$logs/publish-$binary.log" | grep -v "$known"; then
    die "publish: $binary has trim or AOT warnings (above)"
fi
mkdir -p artifacts/bin artifacts/symbols
[ "$binary" != sidecar-floor ] || cp "artifacts/native/out/$binary/$binary.dbg" artifacts/symbols/
# The load generator's assembly has the name of its binary, the benchmarks' has that of its project.
published=artifacts/native/out/$binary/$binary
[ -x "$published" ] || published=artifacts/native/out/$binary/$project
cp "$published" "artifacts/bin/.$binary.new"
mv -f "artifacts/bin/.$binary.new" "artifacts/bin/$binary"
echo "$wanted" >"$stamp"
