# The words in which the facts are written. Sourced by facts.sh.
# shellcheck shell=bash disable=SC2154 # root and cluster come from facts.sh
own=sidecar-system # the release's namespace
demo=demo          # the labelled one
helm=$root/artifacts/tools/helm
injector=$root/artifacts/bin/sidecar-injector

note() { echo "$*" >>"$NOTES"; }
fail() { note "$*" && exit 1; }
skip() { note "$*" && exit 77; }
k() { kubectl "$@"; }

# eventually SECONDS COMMAND…: until it succeeds; what it says at last decides.
eventually() {
    local limit=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$limit" ] || fail "not within the time: $*"
        sleep 0.5
    done
} 2>/dev/null

# expect WHAT ACTUAL PATTERN: an extended regular expression that matches.
expect() {
    [[ $2 =~ $3 ]] || fail "$1: got '${2:0:600}', wanted $3"
}

# Python with the JSON of the first argument as `it`: evaluate JSON EXPRESSION
evaluate() { /usr/bin/python3 -c 'import json, sys; it = json.loads(sys.argv[1]); value = eval(sys.argv[2]); print(value if isinstance(value, str) else json.dumps(value))' "$1" "$2"; }

# pods NAMESPACE LABEL: the names of the pods that live and are not on their way out, oldest first.
pods() {
    k -n "$1" get pods -l "$2" --sort-by=.metadata.creationTimestamp \
        -o go-template='{{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}}{{"\n"}}{{end}}{{end}}'
}
pod() { pods "$1" "$2" | tail -n 1; }
address() { k -n "$1" get pod "$2" -o jsonpath='{.status.podIP}'; }
containers() { k -n "$1" get pod "$2" -o jsonpath='{.spec.containers[*].name}'; }
ready() { k -n "$1" get pod "$2" -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}' | grep -qx True; }
gone() { ! k -n "$1" get "$2" >/dev/null 2>&1; }

# look NAMESPACE POD PATH: what the proxy of a pod answers on its port for the kubelet and Prometheus.
look() { curl -sS -m 10 "http://$(address "$1" "$2"):15120$3"; }

# admin NAMESPACE POD CONTAINER PATH: what the proxy answers on loopback, asked from a container of the demo's image.
admin() {
    k -n "$1" exec "$2" -c "$3" -- python3 -c 'import sys, urllib.request as r; print(r.urlopen("http://127.0.0.1:15100" + sys.argv[1]).read().decode())' "$4"
}

# load PATH REQUESTS_PER_SECOND SECONDS: from the client to the service; prints the counts as JSON.
load() { k -n "$demo" exec "$(pod "$demo" app=shop)" -c shop -- python3 /demo/load.py "http://orders.demo$1" "$2" "$3" "${4:-4}"; }

# signal_proxy NAMESPACE POD SIGNAL: to the first process of the proxy's container.
signal_proxy() {
    local id
    id=$(k -n "$1" get pod "$2" -o jsonpath='{.status.containerStatuses[?(@.name=="sidecar-proxy")].containerID}')
    ctr -a "$cluster/containerd.sock" -n k8s.io task kill -s "$3" "${id#containerd://}"
}

restarts() { k -n "$1" get pods -l "$2" -o jsonpath='{range .items[*]}{.metadata.name}{" "}{.status.containerStatuses[*].restartCount}{"\n"}{end}'; }

# release NAME=VALUE…: installs or upgrades the platform's chart with the demo's values and these.
release() {
    local arguments=()
    for setting in "$@"; do arguments+=(--set "$setting"); done
    "$helm" upgrade --install sidecar "$root/helm/sidecar" --namespace "$own" --create-namespace \
        --values "$root/tests/cluster/demo/values.yaml" "${arguments[@]}" --wait --timeout 90s
}

# Nobody answers the webhooks from here to the end of the fact. The pods' objects may stay for a minute: what counts is
# that nothing listens.
injector_down() {
    local addresses one
    addresses=$(k -n "$own" get pods -l app.kubernetes.io/name=sidecar-injector -o jsonpath='{.items[*].status.podIP}')
    trap injector_up EXIT
    k -n "$own" scale deployment sidecar-injector --replicas=0
    for one in $addresses; do eventually 60 refuses "$one"; done
}
refuses() { ! curl -sk -m 2 -o /dev/null "https://$1:8443/readyz"; }
injector_up() {
    trap - EXIT
    release
    k -n "$own" scale deployment sidecar-injector --replicas=2
    k -n "$own" rollout status deployment/sidecar-injector --timeout=90s
}

# The injector's own command, from outside, with the administrator's rights.
inspect() { "$injector" check --kubeconfig "$cluster/kubeconfig" --namespace "$own" "$@"; }

# simple NAME [COMMAND…]: a pod of the demo's image, as YAML; what stands in LABELS, ANNOTATIONS and SPEC is put in.
simple() {
    cat <<YAML
apiVersion: v1
kind: Pod
metadata: { name: $1, labels: { ${LABELS:-} }, annotations: { ${ANNOTATIONS:-} } }
spec:
  terminationGracePeriodSeconds: 3
  ${SPEC:-}
  containers: [{ name: app, image: localhost/sidecar-demo:1, command: [python3, /demo/shop.py], ports: [{ containerPort: 8080 }] }]
YAML
}

# apply NAMESPACE: standard input; prints what kubectl says, the warnings of admission included.
apply() { k -n "$1" apply -f - 2>&1; }

# What a person would look at first, kept beside a fact that failed.
evidence() {
    k get pods -A -o wide
    k get events -A --sort-by=.lastTimestamp | tail -n 60
    for name in $(pods "$own" app.kubernetes.io/name=sidecar-injector); do k -n "$own" logs "$name" --tail 60; done
    for name in $(k -n "$demo" get pods -o name); do k -n "$demo" logs "$name" -c sidecar-proxy --tail 40; done
}

server_version() { k get --raw /version | sed -n 's/.*"gitVersion": "v\([^"]*\)".*/\1/p'; }

# Serial number of the certificate in the injector's Secret.
serial() {
    k -n "$own" get secret sidecar-injector-certificate -o go-template='{{index .data "tls.crt" | base64decode}}' 2>/dev/null |
        openssl x509 -noout -serial 2>/dev/null | cut -d= -f2
}
