#!/usr/bin/env bash
# Makes a kind cluster, builds and loads the three images, installs the chart and the demo, and shows what the client sees.
# Needs docker, kind, kubectl and helm. Run again after a change: it rebuilds and upgrades.
#   CLUSTER=name     name of the cluster (default: sidecar)
#   TAG=tag          tag of the images (default: made of the time, so that pods take the new ones)
set -euo pipefail
cd "$(dirname "$0")/../.."

cluster=${CLUSTER:-sidecar}
tag=${TAG:-dev-$(date +%s)}
images=(sidecar-proxy sidecar-injector sidecar-init)

for program in docker kind kubectl helm; do
    command -v "$program" >/dev/null || { echo "$program is missing: this script needs docker, kind, kubectl and helm." >&2; exit 1; }
done

if ! kind get clusters 2>/dev/null | grep -qx "$cluster"; then
    kind create cluster --name "$cluster" --config deploy/kind/cluster.yaml --wait 2m
fi
# Named in every call: the developer's current context may be any cluster.
context=kind-$cluster
kubectl() { command kubectl --context "$context" "$@"; }
helm() { command helm --kube-context "$context" "$@"; }

for image in "${images[@]}"; do
    docker build --target "${image#sidecar-}" --build-arg COMMIT="$(git rev-parse HEAD)" --tag "$image:$tag" .
    kind load docker-image --name "$cluster" "$image:$tag"
done

helm upgrade --install sidecar helm/sidecar --namespace sidecar-system --create-namespace \
    --set image.tag="$tag" --set tests.createPods=true --wait --timeout 3m
helm test sidecar --namespace sidecar-system ||
    { kubectl --namespace sidecar-system logs sidecar-injector-check; exit 1; }

kubectl apply --filename deploy/examples
# Pods of an earlier run have the sidecar of that run.
kubectl --namespace shop rollout restart deployment/orders deployment/client
kubectl --namespace shop rollout status deployment/orders --timeout 3m
kubectl --namespace shop rollout status deployment/client --timeout 3m

echo
echo "The client calls orders, which fails every fourth request. Its sidecar retries, so it sees 200:"
kubectl --namespace shop logs deployment/client --container client --tail 10
cat <<EOF

What to try next:
  kubectl --context $context --namespace shop logs -f deployment/client -c client
  kubectl --context $context --namespace shop set env deployment/orders FAIL_EVERY=1     # all fail: the breaker opens, 503 with flag CB
  kubectl --context $context --namespace shop set env deployment/orders FAIL_EVERY=4     # and recovers
  kubectl --context $context --namespace shop edit configmap sidecar-policies            # arrives within about a minute
  kubectl --context $context --namespace shop port-forward deployment/client 15100 &
  curl http://127.0.0.1:15100/breakers
  deploy/kind/down.sh
EOF
