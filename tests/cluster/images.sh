#!/usr/bin/env bash
# The images of the cluster's facts, without a registry, in a container storage of its own: nothing that this machine's
# podman or docker has is seen or changed.
#   images.sh standins         local images under the names that the Dockerfile pulls, made from Debian's packages and
#                              this machine's .NET SDK; and localhost/pause:1
#   images.sh quick            sidecar-{proxy,injector,init}:quick from the binaries in artifacts/bin, on the stand-ins:
#                              minutes faster than a build, and not what users get
#   images.sh build            the unchanged Dockerfile, its three targets as sidecar-{proxy,injector,init}:built
#   images.sh demo             sidecar-demo:1, the two-tier application (tests/cluster/demo)
#   images.sh archive IMAGE…   prints the docker archives of the images, made when they are not there
#   images.sh podman …         podman on that storage;  images.sh in CMD…  in a network and mount namespace of its own
# SIDECAR_CLUSTER_CACHE (default /var/cache/sidecar-cluster) holds everything that outlives a run.
set -euo pipefail
. "$(dirname "$0")/../steps.sh"

cache=${SIDECAR_CLUSTER_CACHE:-/var/cache/sidecar-cluster}
store=$cache/containers
mkdir -p "$store/archives"
sdk=mcr.microsoft.com/dotnet/sdk:10.0-noble
runtime=mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
debian=docker.io/library/ubuntu:24.04 # what the target init starts from
roles=(proxy injector init)

# Without CAP_SYS_RESOURCE no limit may be raised: take the ones there are, and for processes the number to which podman
# lowers itself first. On hybrid cgroups crun refuses, runc copes.
export CONTAINERS_CONF=$store/containers.conf CONTAINERS_STORAGE_CONF=$store/storage.conf
printf '[containers]\ndefault_ulimits = ["nofile=%s:%s", "nproc=32768:32768"]\n[engine]\nruntime = "runc"\n[network]\nnetwork_config_dir = "%s"\n' \
    "$(ulimit -n)" "$(ulimit -Hn)" "$store/networks" >"$CONTAINERS_CONF"
printf '[storage]\ndriver = "overlay"\ngraphroot = "%s/graph"\nrunroot = "%s/run"\n' "$store" "$store" >"$CONTAINERS_STORAGE_CONF"

build() { # build TAG CONTEXT [ARGUMENT…]: on local images only
    local tag=$1 context=$2
    shift 2
    nice -n 5 podman build --pull=never --network=host --isolation=chroot -t "$tag" "$@" "$context"
}

import() { # import FOLDER IMAGE [CHANGE…]: a folder as the only layer
    local folder=$1 image=$2 changes=()
    shift 2
    for change in "$@"; do changes+=(--change "$change"); done
    tar -C "$folder" --exclude='./proc/*' -c . | podman import "${changes[@]}" - "$image"
}

have() { podman image exists "$1"; }

standins() {
    local base=$store/debian mirror folder
    if ! [ -e "$base/.complete" ]; then
        rm -rf "$base"
        mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | awk '$2 == "bookworm" { print $1; exit }')
        nice -n 5 debootstrap --variant=minbase --include=ca-certificates,libssl3,libstdc++6 bookworm "$base" "$mirror"
        cp -L /etc/ssl/certs/ca-certificates.crt "$base/etc/ssl/certs/"
        # As the published images are: no lists, no caches, and none to come.
        rm -rf "$base"/var/lib/apt/lists/* "$base"/var/cache/apt/* "$base"/usr/share/{doc,man,locale}/*
        printf 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };\nDir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n' \
            >"$base/etc/apt/apt.conf.d/docker-clean"
        printf 'path-exclude /usr/share/doc/*\npath-exclude /usr/share/man/*\n' >"$base/etc/dpkg/dpkg.cfg.d/excludes"
        touch "$base/.complete"
    fi
    have "$debian" || import "$base" "$debian"

    if ! have "$sdk"; then
        folder=$store/sdk
        rm -rf "$folder" && mkdir -p "$folder"
        cp -a "$(dirname "$(realpath "$(command -v dotnet)")")" "$folder/dotnet"
        cat >"$folder/Dockerfile" <<DOCKERFILE
FROM $debian
COPY dotnet /usr/share/dotnet
RUN ln -s /usr/share/dotnet/dotnet /usr/bin/dotnet
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 NUGET_CERT_REVOCATION_MODE=offline
DOCKERFILE
        build "$sdk" "$folder"
        rm -rf "$folder"
    fi

    if ! have "$runtime"; then # the files of the distroless image: C library, TLS, certificates; no shell
        folder=$store/chiseled
        rm -rf "$folder" && mkdir -p "$folder"/{etc/ssl/certs,tmp,proc,sys,dev,home/app}
        (cd "$base" && cp -L --parents lib64/ld-linux-*.so.* lib/*-linux-gnu/{libc.so.6,libm.so.6,libpthread.so.0,libdl.so.2,librt.so.1,libgcc_s.so.1,libresolv.so.2} \
            usr/lib/*-linux-gnu/{libssl.so.3,libcrypto.so.3,libstdc++.so.6} etc/ssl/certs/ca-certificates.crt "$folder/")
        printf 'root:x:0:0:root:/root:/sbin/nologin\napp:x:1654:1654::/home/app:/sbin/nologin\n' >"$folder/etc/passwd"
        printf 'root:x:0:\napp:x:1654:\n' >"$folder/etc/group"
        chmod 1777 "$folder/tmp"
        import "$folder" "$runtime" 'USER 1654' 'ENV APP_UID=1654'
    fi

    if ! have localhost/pause:1; then
        folder=$store/pause
        rm -rf "$folder" && mkdir -p "$folder"
        cp -L "$(command -v catatonit || echo /usr/libexec/podman/catatonit)" "$folder/catatonit"
        import "$folder" localhost/pause:1 'ENTRYPOINT ["/catatonit","-P"]'
    fi
}

# The last stages of the Dockerfile with a build stage that only holds what is published already: USER, entry points,
# labels and bases are the ones that users get.
quick() {
    local folder=$store/quick role
    rm -rf "$folder" && mkdir -p "$folder/bin"
    for role in "${roles[@]}"; do
        [ ! -x "$root/artifacts/bin/sidecar-$role" ] || cp "$root/artifacts/bin/sidecar-$role" "$folder/bin/"
    done
    {
        printf 'FROM scratch AS build\nCOPY bin /source/artifacts/bin\n'
        awk '/^FROM / { last = ($0 !~ / AS build$/) } last' "$root/Dockerfile"
    } >"$folder/Dockerfile"
    for role in "${roles[@]}"; do
        [ -x "$folder/bin/sidecar-$role" ] || continue
        build "localhost/sidecar-$role:quick" "$folder" --target "$role" --layers
    done
}

full() {
    local role commit
    commit=$(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)
    for role in "${roles[@]}"; do
        build "localhost/sidecar-$role:built" "$root" --target "$role" --layers --build-arg COMMIT="$commit"
    done
}

demo() { build localhost/sidecar-demo:1 "$root/tests/cluster/demo" --layers; }

archive() {
    local image file
    for image in "$@"; do
        file=$store/archives/$(podman image inspect --format '{{.Id}}' "$image").tar
        # The name inside belongs to the archive: an older one of the same image under another tag is not it.
        file=${file%.tar}-${image//[\/:]/_}.tar
        if ! [ -e "$file" ]; then
            rm -f "$store/archives"/*-"${image//[\/:]/_}.tar" "$file.new"
            podman save --quiet --format docker-archive -o "$file.new" "$image" >&2
            mv "$file.new" "$file"
        fi
        echo "$file"
    done
}

# A bridge would leave tables and a sysctl in this machine's own network namespace.
inside() {
    exec unshare -m -n bash -c 'ip link set lo up; sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
        podman network exists sidecar || podman network create --ipv6 --subnet 10.89.0.0/24 --subnet fd89::/64 --disable-dns sidecar >/dev/null
        exec "$@"' _ "$@"
}

case ${1:-} in
    standins | quick | demo) "$1" ;;
    build) full ;;
    archive) shift && archive "$@" ;;
    podman) shift && exec podman "$@" ;;
    in) shift && inside "$@" ;;
    *) sed -n '2,14p' "$0" && exit 64 ;;
esac
