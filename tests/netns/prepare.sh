#!/usr/bin/env bash
# Installs the npm packages that the applications of the interception tests need into artifacts/netns, once per
# package.json. No lock file is kept: it would name the registry of whoever made it. Without npm or network the tests
# that need a package are skipped and say so.
set -euo pipefail
. "$(dirname "$0")/../steps.sh"

folder=$root/artifacts/netns
mkdir -p "$folder"
if cmp -s "$root/tests/netns/package.json" "$folder/installed.json"; then exit 0; fi
if ! command -v npm >/dev/null; then
    echo "==> npm is missing: the tests of grpc-js, undici and ws will be skipped"
    exit 0
fi

cp "$root/tests/netns/package.json" "$folder/package.json"
if step netns-npm "installing the npm packages of tests/netns" \
    npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --no-package-lock; then
    cp "$folder/package.json" "$folder/installed.json"
fi
