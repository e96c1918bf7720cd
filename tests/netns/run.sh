#!/usr/bin/env bash
# Builds and runs the interception tests alone, the heavy ones included; prints what they measured. Uses the binaries in
# artifacts/bin, or the ones that SIDECAR_PROXY_BINARY and SIDECAR_INIT_BINARY name. Arguments go to `dotnet test`.
set -euo pipefail
. "$(dirname "$0")/../steps.sh"
cd "$root"

tests/netns/prepare.sh
step netns-build "build: Sidecar.Interception.Tests" dotnet build tests/Sidecar.Interception.Tests -v minimal --nologo
log=$logs/test-interception.log status=0
dotnet test tests/Sidecar.Interception.Tests --no-build --nologo --logger 'console;verbosity=detailed' "$@" >"$log" 2>&1 </dev/null || status=$?
grep -aE '^ *(Failed|Skipped) Sidecar|(server-first,|client-first bytes,|closed port,|idle intercepted).*(ms|bytes)|^(Total tests|     (Passed|Failed|Skipped)):' "$log" || true
echo "The whole output is in ${log#"$root"/}."
exit "$status"
