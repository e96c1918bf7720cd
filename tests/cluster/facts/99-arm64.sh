says="the Dockerfile compiles across for linux/arm64"
where="outside"
limit="1800"
check() {
    # Asks by restoring an empty program: not every package source has the runtime for other architectures.
    local probe=$cluster/arm64
    mkdir -p "$probe"
    printf '%s\n' '<Project Sdk="Microsoft.NET.Sdk.Web"><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup></Project>' >"$probe/probe.csproj"
    if ! dotnet restore "$probe/probe.csproj" -r linux-arm64 -p:PublishAot=true --nologo; then
        skip "the package source has no runtime packages for linux-arm64"
    fi
    "$root/tests/cluster/images.sh" podman build --pull=never --network=host --isolation=chroot --target build --build-arg TARGETARCH=arm64 "$root"
    note "compiled for arm64 on $(uname -m)"
}
