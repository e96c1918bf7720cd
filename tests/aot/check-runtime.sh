#!/usr/bin/env bash
# Is a newer runtime patch to be had than the one that is pinned in Directory.Build.props?
# With Native AOT the framework is inside the binary: a security fix of .NET reaches users only by a new pin.
# Exit code 0: the pins are the newest; 1: at least one is not, or the package source did not answer.
set -euo pipefail
. "$(dirname "$0")/../steps.sh"
cd "$root"

outdated=0
for framework in net9.0 net10.0; do
    pinned=$(dotnet msbuild src/Sidecar.Proxy/Sidecar.Proxy.csproj -getProperty:SidecarRuntimePatch -p:SidecarTargetFramework="$framework" </dev/null)
    # The compiler's package carries the version of the runtime it brings; "9.0.*" restores the newest of its line.
    work=$root/artifacts/check-runtime/$framework
    rm -rf "$work" && mkdir -p "$work"
    cat >"$work/newest.csproj" <<PROJECT
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><ManagePackageVersionsCentrally>false</ManagePackageVersionsCentrally></PropertyGroup>
  <ItemGroup><PackageReference Include="Microsoft.DotNet.ILCompiler" Version="${pinned%.*}.*" /></ItemGroup>
</Project>
PROJECT
    step "check-runtime-$framework" "check-runtime: newest ${pinned%.*}.* of the package source" \
        dotnet restore "$work/newest.csproj" --no-cache --artifacts-path "$work/out" -p:SidecarTargetFramework="$framework" --nologo
    newest=$(grep -rhoE '"Microsoft\.DotNet\.ILCompiler/[0-9.]+"' "$work/out" --include=project.assets.json | head -n 1 | grep -oE '[0-9]+\.[0-9]+\.[0-9]+')
    if [ "$newest" = "$pinned" ]; then
        echo "    $framework: $pinned is the newest"
    else
        echo "    $framework: pinned $pinned, newest $newest: change SidecarRuntimePatch in Directory.Build.props"
        outdated=1
    fi
done
exit "$outdated"
