#!/usr/bin/env bash
# Removes the cluster of up.sh, with everything in it. The images stay in docker.
set -euo pipefail

command -v kind >/dev/null || { echo "kind is missing." >&2; exit 1; }
kind delete cluster --name "${CLUSTER:-sidecar}"
