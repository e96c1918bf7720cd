#!/usr/bin/env bash
# Runs the functional suite against the native binary only; `make test` runs it as part of everything.
# Further arguments go to `dotnet test`, for example: tests/aot/run.sh --filter FullyQualifiedName~Retry
set -euo pipefail
. "$(dirname "$0")/../steps.sh"
cd "$root"

tests/aot/publish.sh
export SIDECAR_PROXY_BINARY=$root/artifacts/bin/sidecar-proxy
[ $# -gt 0 ] || set -- --filter FullyQualifiedName~Native
exec dotnet test tests/Sidecar.Proxy.FunctionalTests --nologo "$@"
