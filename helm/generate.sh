#!/usr/bin/env bash
# Makes anew what is made from other files: the schemas of the values (from `sidecar-proxy schema`), the tables in the
# charts' READMEs (from values.yaml), and the golden renders. `make test` fails while one of them is old.
set -euo pipefail
cd "$(dirname "$0")/.."

tests/helm/tools.sh
# The renders depend on the schemas, so those are first.
UPDATE_GOLDEN=1 dotnet test tests/Sidecar.Helm.Tests --nologo -v quiet --filter Category=Generated
UPDATE_GOLDEN=1 dotnet test tests/Sidecar.Helm.Tests --nologo -v quiet --no-build --filter Category=Golden
git --no-pager diff --stat -- helm tests/Sidecar.Helm.Tests/golden
