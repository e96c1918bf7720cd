#!/bin/sh
# Prints the Debian and Ubuntu packages that a native publish needs for an architecture (amd64 or arm64; default: this
# machine's). Compiled across, the other architecture's C library and linker come too, and an objcopy that knows both.
set -eu
own=$(dpkg --print-architecture)
target=${1:-$own}
case $target in
    amd64) cross="gcc-x86-64-linux-gnu libc6-dev-amd64-cross" ;;
    arm64) cross="gcc-aarch64-linux-gnu libc6-dev-arm64-cross" ;;
    *) echo "packages: no native build for the architecture '$target': amd64 or arm64" >&2 && exit 64 ;;
esac
[ "$target" = "$own" ] && echo clang zlib1g-dev || echo clang llvm "$cross"
