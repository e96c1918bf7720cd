#!/usr/bin/env bash
# Publishes the floor programs as a native binary: artifacts/bin/sidecar-floor, its symbols beside it. Apart from
# tests/aot/publish.sh, because it is no part of the product; it takes that script's framework. Does nothing when its sources did not change.
set -euo pipefail
. "$(dirname "$0")/../../tests/steps.sh"
cd "$root"

case "$(uname -m)" in
    x86_64) rid=linux-x64 ;;
    aarch64) rid=linux-arm64 ;;
    *) die "the floor programs are built on Linux x64 and arm64" ;;
esac
framework=${SIDECAR_FRAMEWORK:-$(tail -n +2 artifacts/native/framework 2>/dev/null || true)}
[ -n "$framework" ] || { tests/aot/publish.sh && framework=$(tail -n +2 artifacts/native/framework); }

stamp=$root/artifacts/native/floor-published
wanted=$framework\ $({ dotnet --version; find loadtests/floor/Sidecar.Floor Directory.*.props Directory.*.targets -type f -print0 | sort -z | xargs -0 sha256sum; } | sha256sum)
if [ -x artifacts/bin/sidecar-floor ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    echo "==> publish: sidecar-floor unchanged"
    exit 0
fi
out=$root/artifacts/native/out/sidecar-floor
step publish-sidecar-floor "publish: sidecar-floor as native binary for $framework" \
    dotnet publish loadtests/floor/Sidecar.Floor/Sidecar.Floor.csproj -c Release -r "$rid" --self-contained \
    -p:PublishAot=true -p:SidecarTargetFramework="$framework" \
    --artifacts-path "$root/artifacts/native" -o "$out" -v minimal --nologo
if grep -E '\bIL[23][0-9]{3}\b' "$logs/publish-sidecar-floor.log"; then
    die "publish: sidecar-floor has trim or AOT warnings (above)"
fi
mkdir -p artifacts/bin artifacts/symbols
cp "$out/sidecar-floor.dbg" artifacts/symbols/
cp "$out/sidecar-floor" artifacts/bin/.sidecar-floor.new
mv -f artifacts/bin/.sidecar-floor.new artifacts/bin/sidecar-floor
echo "$wanted" >"$stamp"
