#!/usr/bin/env bash
# Publishes the load generator as a native binary: artifacts/bin/sidecar-loadgen. Apart from tests/aot/publish.sh,
# because it is no part of the product; it takes that script's framework. Does nothing when its sources did not change.
set -euo pipefail
. "$(dirname "$0")/../tests/steps.sh"
cd "$root"

case "$(uname -m)" in
    x86_64) rid=linux-x64 ;;
    aarch64) rid=linux-arm64 ;;
    *) die "the load generator is built on Linux x64 and arm64" ;;
esac
framework=${SIDECAR_FRAMEWORK:-$(tail -n +2 artifacts/native/framework 2>/dev/null || true)}
[ -n "$framework" ] || { tests/aot/publish.sh && framework=$(tail -n +2 artifacts/native/framework); }

stamp=$root/artifacts/native/loadgen-published
wanted=$framework\ $({ dotnet --version; find loadtests/Sidecar.LoadGen loadtests/scenarios Directory.*.props Directory.*.targets -type f -print0 | sort -z | xargs -0 sha256sum; } | sha256sum)
if [ -x artifacts/bin/sidecar-loadgen ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    echo "==> publish: sidecar-loadgen unchanged"
    exit 0
fi
step publish-sidecar-loadgen "publish: sidecar-loadgen as native binary for $framework" \
    dotnet publish loadtests/Sidecar.LoadGen/Sidecar.LoadGen.csproj -c Release -r "$rid" --self-contained \
    -p:PublishAot=true -p:SidecarTargetFramework="$framework" \
    --artifacts-path "$root/artifacts/native" -o "$root/artifacts/native/out/sidecar-loadgen" -v minimal --nologo
if grep -E '\bIL[23][0-9]{3}\b' "$logs/publish-sidecar-loadgen.log"; then
    die "publish: sidecar-loadgen has trim or AOT warnings (above)"
fi
mkdir -p artifacts/bin
cp artifacts/native/out/sidecar-loadgen/sidecar-loadgen artifacts/bin/.sidecar-loadgen.new
mv -f artifacts/bin/.sidecar-loadgen.new artifacts/bin/sidecar-loadgen
echo "$wanted" >"$stamp"
