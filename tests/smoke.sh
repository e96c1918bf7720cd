#!/usr/bin/env bash
# The native binary end to end: its demo, one proxied request, one failure with its flag, a clean end.
# The smallest HTTP server at hand is a second copy of the binary: its /livez is the upstream.
set -euo pipefail
. "$(dirname "$0")/steps.sh"
cd "$root"

tests/aot/publish.sh
proxy=$root/artifacts/bin/sidecar-proxy
work=$(mktemp -d) pids=()
cleanup() {
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

free_port() { # a loopback port that nobody listens on
    local port
    while port=$((20000 + RANDOM % 10000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    echo "$port"
}

start() { # start NAME ADMIN_PORT LISTEN_PORT UPSTREAM_PORT: returns when it is ready
    cat >"$work/$1.yaml" <<CONFIG
version: 1
listeners: { reverse: { address: "127.0.0.1:$3" }, admin: { address: "127.0.0.1:$2" }, metrics: off }
clusters:  { up: { destinations: { a: { address: "http://127.0.0.1:$4" } } } }
routes:    { all: { match: { path: "/{**rest}" }, cluster: up } }
shutdown:  { grace: 3s }
CONFIG
    "$proxy" run --config "$work/$1.yaml" >"$work/$1.log" 2>&1 </dev/null &
    pids+=($!)
    local try
    for try in {1..100}; do
        curl -fsS -o /dev/null "http://127.0.0.1:$2/readyz" 2>/dev/null && return
        sleep 0.05
    done
    cat "$work/$1.log"
    die "smoke: $1 was not ready within 5 s (try $try)"
}

expect() { # expect WHAT ACTUAL PATTERN
    if [[ $2 =~ $3 ]]; then
        printf '    ok: %s: %s\n' "$1" "$2"
    else
        tail -n 5 "$work"/*.log
        die "smoke: $1: got '$2', wanted $3"
    fi
}

step smoke-demo "smoke: sidecar-proxy demo --once" timeout 40 "$proxy" demo --once

admin_a=$(free_port) admin_b=$(free_port) listen_a=$(free_port) listen_b=$(free_port)
start upstream "$admin_a" "$listen_a" 9
start proxy "$admin_b" "$listen_b" "$admin_a"

ask() { curl -sS -m 10 -o "$work/body" -D "$work/head" -w '%{http_code}' "http://127.0.0.1:$listen_b$1"; }
flags() { grep -i '^x-sidecar-flags:' "$work/head" | tr -d '\r' | cut -d' ' -f2; }

expect "a request through the proxy" "$(ask /livez)" '^200$'
expect "the upstream's own answer passes unchanged" "$(ask /no-such-page)" '^404$'

{ kill -KILL "${pids[0]}" && wait "${pids[0]}"; } 2>/dev/null || true
expect "without an upstream" "$(ask /livez)" '^502$'
expect "its flags" "$(flags)" '(^|,)UF(,|$)'

kill -TERM "${pids[1]}"
status=0
wait "${pids[1]}" || status=$?
pids=()
expect "exit code after SIGTERM" "$status" '^0$'
echo "smoke: all well"
