#!/usr/bin/env bash
# Publishes the native binaries: stripped in artifacts/bin, their symbols in artifacts/symbols.
#   tests/aot/publish.sh            does nothing when neither sources nor commit changed
#   tests/aot/publish.sh --force    publishes anyway
# SIDECAR_FRAMEWORK=net9.0 (or net10.0) chooses the framework instead of asking the package source.
# SIDECAR_ARCHITECTURE=amd64 (or arm64) compiles for that architecture; tests/aot/packages.sh names what it needs.
# Fails on any trim or AOT warning. src/decisions/0004-target-framework.md says why there are two frameworks.
set -euo pipefail
. "$(dirname "$0")/../steps.sh"
cd "$root"

native=$root/artifacts/native
sources=(src Directory.Build.props Directory.Build.targets Directory.Packages.props global.json tests/aot/publish.sh)
projects=(Sidecar.Proxy:sidecar-proxy Sidecar.Init:sidecar-init Sidecar.Injector:sidecar-injector) # project : name of its binary

case "$(uname -s) ${SIDECAR_ARCHITECTURE:-$(uname -m)}" in
    "Linux x86_64" | "Linux amd64") rid=linux-x64 ;;
    "Linux aarch64" | "Linux arm64") rid=linux-arm64 ;;
    *) die "make publish builds on Linux x64 and arm64. Elsewhere: dotnet run --project src/Sidecar.Proxy -- demo" ;;
esac

# The commit is that of the published sources, so that a commit elsewhere neither changes nor invalidates the binary.
if [ -n "${SIDECAR_COMMIT:-}" ]; then
    commit=$SIDECAR_COMMIT # an image is built without .git
elif commit=$(git log -1 --format=%H -- "${sources[@]}" ":!*.md" 2>/dev/null) && [ -n "$commit" ]; then
    [ -z "$(git status --porcelain -- "${sources[@]}" ":!*.md")" ] || commit+=-dirty
else
    commit=unknown
fi

state() { # what the result depends on, as one hash
    {
        echo "$commit ${SIDECAR_FRAMEWORK:-} $rid"
        dotnet --version
        find "${sources[@]}" -type f -not -name "*.md" -not -path '*/bin/*' -not -path '*/obj/*' -print0 | sort -z | xargs -0 sha256sum
    } | sha256sum | cut -d' ' -f1
}

complete() {
    local pair
    for pair in "${projects[@]}"; do [ -x "artifacts/bin/${pair#*:}" ] || return 1; done
}

stamp=$native/published
wanted=$(state)
if [ "${1:-}" != --force ] && complete && [ "$(head -n 1 "$stamp" 2>/dev/null)" = "$wanted" ]; then
    echo "==> publish: unchanged"
    tail -n +2 "$stamp"
    exit 0
fi

# net10.0 needs a package that not every package source has. Asks by restoring an empty program with the very
# settings of a publish; the answer "no" is kept for a day.
choose_framework() {
    local answer=$native/framework key
    key="$(dotnet --version) $(property net10.0 SidecarRuntimePatch) $rid"
    if [ "$(head -n 1 "$answer" 2>/dev/null)" = "$key" ] && [ -n "$(find "$answer" -mmin -1440)" ]; then
        tail -n +2 "$answer"
        return
    fi
    mkdir -p "$native/probe"
    printf '%s\n' '<Project Sdk="Microsoft.NET.Sdk.Web" />' >"$native/probe/probe.csproj"
    if dotnet restore "$native/probe/probe.csproj" -r "$rid" -p:PublishAot=true -p:SidecarTargetFramework=net10.0 \
        --artifacts-path "$native/probe/out" -v q --nologo >"$logs/framework.log" 2>&1 </dev/null; then
        printf '%s\n' "$key" net10.0 >"$answer"
    elif grep -qE 'NU110[12].*Microsoft\.NETCore\.App\.Runtime\.NativeAOT' "$logs/framework.log"; then
        printf '%s\n' "$key" net9.0 >"$answer"
    else
        tail -n 20 "$logs/framework.log" >&2
        die "Cannot tell whether net10.0 can be published (above). SIDECAR_FRAMEWORK=net9.0 or net10.0 decides it."
    fi
    tail -n +2 "$answer"
}

property() { # property FRAMEWORK NAME
    dotnet msbuild src/Sidecar.Proxy/Sidecar.Proxy.csproj -getProperty:"$2" -p:PublishAot=true -p:SidecarTargetFramework="$1" </dev/null
}

mkdir -p "$native" artifacts/bin artifacts/symbols
framework=${SIDECAR_FRAMEWORK:-$(choose_framework)}
patch=$(property "$framework" SidecarRuntimePatch)
[ "$framework" = net10.0 ] ||
    echo "==> publish: $framework, because the package source has no Microsoft.NETCore.App.Runtime.NativeAOT.$rid for net10.0"

# The compiler's own objects are not reused: a warning must be printed again until it is gone.
rm -rf "$native"/obj/*/*/native "$native"/obj/*/*/*/native "$native"/obj/*/*/*/*/native "$stamp"

described=()
for pair in "${projects[@]}"; do
    project=${pair%%:*} binary=${pair#*:} log=$logs/publish-${pair#*:}.log
    step "publish-$binary" "publish: $binary as native binary for $framework, runtime $patch" \
        dotnet publish "src/$project/$project.csproj" -c Release -r "$rid" --self-contained \
        -p:PublishAot=true -p:SidecarTargetFramework="$framework" -p:SourceRevisionId="$commit" \
        --artifacts-path "$native" -o "$native/out/$binary" -v minimal --nologo

    # IL2xxx: trimming, IL3xxx: AOT; "ILC:" lines: code that will throw when reached. Warnings are errors in the
    # project already; this also catches the ones that are only printed. One line is known and harmless:
    # the body of a Yarp policy that is never called (src/decisions/0005-yarp-surface.md).
    if grep -E '\bIL[23][0-9]{3}\b|\bILC ?: ' "$log" | grep -v 'HashCookieSessionAffinityPolicy.*System\.IO\.Hashing'; then
        die "publish: $binary has trim or AOT warnings (above); the whole output is in ${log#"$root"/}"
    fi
    if readelf -S --wide "$native/out/$binary/$binary" | grep -q ' \.symtab '; then
        die "publish: $binary is not stripped"
    fi

    # Renamed into place: a running binary cannot be written to, but it can be replaced.
    cp "$native/out/$binary/$binary" "artifacts/bin/.$binary.new"
    mv -f "artifacts/bin/.$binary.new" "artifacts/bin/$binary"
    cp "$native/out/$binary/$binary.dbg" "artifacts/symbols/"
    size=$(stat -c %s "artifacts/bin/$binary")
    described+=("    artifacts/bin/$binary  $(awk "BEGIN { printf \"%.1f\", $size / 1e6 }") MB stripped ($size bytes), $framework, runtime $patch, commit ${commit:0:12}${commit:40}")
done

printf '%s\n' "$wanted" "${described[@]}" >"$stamp"
printf '%s\n' "${described[@]}"
