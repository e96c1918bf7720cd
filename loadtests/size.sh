#!/usr/bin/env bash
# What takes the bytes of sidecar-proxy: publishes it apart from artifacts/bin, with the compiler's own account, and prints
# bytes by assembly. What stands in brackets belongs to no assembly: tables and strings of the compiler.
#   loadtests/size.sh                        by assembly
#   loadtests/size.sh namespaces ASSEMBLY    by namespace of one; types ASSEMBLY by type
#   SIDECAR_MSTAT=FILE                       reads that account instead of publishing
set -euo pipefail
. "$(dirname "$0")/../tests/steps.sh"
cd "$root"

case "$(uname -m)" in
    x86_64) rid=linux-x64 ;;
    aarch64) rid=linux-arm64 ;;
    *) die "size: Native AOT is built on Linux x64 and arm64" ;;
esac
account=${SIDECAR_MSTAT:-}
if [ -z "$account" ]; then
    framework=${SIDECAR_FRAMEWORK:-$(tail -n +2 artifacts/native/framework 2>/dev/null || true)}
    [ -n "$framework" ] || { tests/aot/publish.sh && framework=$(tail -n +2 artifacts/native/framework); }
    step size "publish: sidecar-proxy with an account of its size, for $framework" \
        dotnet publish src/Sidecar.Proxy/Sidecar.Proxy.csproj -c Release -r "$rid" --self-contained \
        -p:PublishAot=true -p:SidecarTargetFramework="$framework" -p:IlcGenerateMstatFile=true \
        --artifacts-path "$root/artifacts/size" -o "$root/artifacts/size/out" -v minimal --nologo
    stat -c '%s bytes, stripped' artifacts/size/out/sidecar-proxy
    account=$(find artifacts/size/obj -name 'sidecar-proxy.mstat' -print -quit)
fi
dotnet run loadtests/size.cs -- "$account" "$@"
