#!/usr/bin/env bash
# Installs what a build needs beside the .NET SDK, or says exactly what to type.
#   tests/deps.sh build   the Native AOT linker's needs, and curl for the smoke test
#   tests/deps.sh test    for root also what the tests in network namespaces run: tests/netns/packages.txt
#   tests/deps.sh cluster also a one-node Kubernetes and podman: tests/cluster/packages.txt
#   tests/deps.sh bench   also the peers, load generators and tracers of loadtests/
# SIDECAR_NO_INSTALL=1 never installs. Quick and silent when nothing is missing.
set -euo pipefail
. "$(dirname "$0")/steps.sh"

command -v dotnet >/dev/null || die "The .NET SDK 10 is missing: https://dotnet.microsoft.com/download/dotnet/10.0"

# Debian package : what proves that it is there, for systems without dpkg.
wanted=(clang:clang zlib1g-dev:/usr/include/zlib.h curl:curl)
# Only root can make network namespaces; other users see these tests skipped.
if [ "${1:-build}" = test ] && [ "$(id -u)" -eq 0 ]; then
    mapfile -t -O "${#wanted[@]}" wanted < <(grep -v '^#' "$root/tests/netns/packages.txt")
fi
if [ "${1:-build}" = cluster ]; then
    mapfile -t -O "${#wanted[@]}" wanted < <(grep -v '^#' "$root/tests/cluster/packages.txt")
fi
if [ "${1:-build}" = bench ]; then
    wanted+=(nginx:nginx haproxy:haproxy wrk:wrk nghttp2-client:h2load strace:strace python3:python3
        gdb:gdb iproute2:ip nftables:nft util-linux:setpriv)
fi

present() { # present PACKAGE PROOF
    case $2 in
        /*) [ -e "$2" ] ;;
        *) PATH=$PATH:/usr/sbin:/sbin command -v "$2" >/dev/null ;;
    esac || dpkg -s "$1" 2>/dev/null | grep -q '^Status: install ok installed'
}

missing=()
for pair in "${wanted[@]}"; do
    present "${pair%%:*}" "${pair#*:}" || missing+=("${pair%%:*}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

type_this="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
if ! command -v apt-get >/dev/null; then
    die "Missing: ${missing[*]} (Debian's package names). Install what your system calls them, then try again."
elif [ -n "${SIDECAR_NO_INSTALL:-}" ]; then
    die "Missing: ${missing[*]}. SIDECAR_NO_INSTALL is set, so nothing was installed. As root:" "  $type_this"
elif [ "$(id -u)" -ne 0 ]; then
    die "Missing: ${missing[*]}. Not root, so nothing was installed. Type:" "  sudo sh -c '$type_this'"
fi

echo "==> installing with apt-get: ${missing[*]} (SIDECAR_NO_INSTALL=1 prevents this)"
[[ ${missing[*]} != *nginx* && ${missing[*]} != *haproxy* ]] ||
    echo "    Debian's packages may start nginx and haproxy as services; the measurements do not need them running."
install() {
    apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}
step deps "installing" install
