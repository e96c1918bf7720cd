#!/usr/bin/env bash
# The product's promise on real traffic, in front of nginx, with the very configuration of README.md's quick start:
#   1. 100 000 requests, no error, and nginx saw exactly 100 000
#   2. nginx is killed: the breaker opens, and /breakers, /metrics, the log and x-sidecar-flags agree
#   3. nginx is back: the breaker closes by its probes
# Every step is asserted; the output is what README.md shows. Uses the ports of that configuration.
set -euo pipefail
. "$(dirname "$0")/../tests/steps.sh"
cd "$root"

PATH=$PATH:/usr/sbin:/sbin
for tool in nginx h2load curl; do
    command -v "$tool" >/dev/null || die "acceptance: $tool is missing; make deps-bench installs it"
done

tests/aot/publish.sh
proxy=$root/artifacts/bin/sidecar-proxy
admin=127.0.0.1:15100
work=$(mktemp -d) proxy_pid="" nginx_pid=""
cleanup() {
    local pid
    for pid in $proxy_pid $nginx_pid; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap cleanup EXIT

fail() {
    echo "acceptance: $1" >&2
    tail -n 5 "$work/proxy.log" >&2 || true
    exit 1
}
shown() { # shown TEXT COMMAND…: prints what one would type, then the output of the command
    printf '$ %s\n' "$1"
    "${@:2}"
}
until_true() { # until_true SECONDS COMMAND…: polls four times a second
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.25
    done
}

# The first YAML block of README.md is the configuration that its quick start uses.
awk '/^```yaml/ { inside = 1; next } /^```/ { if (inside) exit } inside' README.md >"$work/sidecar.yaml"
listen=$(grep -oE 'reverse: *\{ *address: *"[^"]+' "$work/sidecar.yaml" | grep -oE '[0-9.]+:[0-9]+$')
upstream=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$work/sidecar.yaml" | head -n 1)
for port in "${listen##*:}" "${upstream##*:}" "${admin##*:}"; do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then fail "port $port is taken; the quick start needs it"; fi
done

start_nginx() {
    cat >"$work/nginx.conf" <<NGINX
daemon off; worker_processes 1; pid $work/nginx.pid; error_log stderr error;
events { worker_connections 1024; }
http {
  log_format line '\$status'; access_log $work/requests.log line; keepalive_requests 1000000;
  server { listen 127.0.0.1:${upstream##*:}; location / { default_type text/plain; return 200 "hello from nginx\n"; } }
}
NGINX
    nginx -p "$work" -c "$work/nginx.conf" 2>>"$work/nginx.log" &
    nginx_pid=$!
    until_true 5 curl -fsS -o /dev/null "$upstream/" || fail "nginx does not answer"
}

ask() { curl -s -o /dev/null -m 10 -D "$work/head" -w '%{http_code}' "http://$listen/orders/1"; }
header() { { grep -i "^$1:" "$work/head" || true; } | tr -d '\r' | sed 's/^[^:]*: *//'; }

start_nginx
"$proxy" run --config "$work/sidecar.yaml" >"$work/proxy.log" 2>&1 </dev/null &
proxy_pid=$!
until_true 5 curl -fsS -o /dev/null "http://$admin/readyz" 2>/dev/null || fail "the proxy is not ready"

echo "# 1. 100 000 requests"
: >"$work/requests.log" # only what follows is counted
shown "h2load --h1 -n 100000 -c 32 http://$listen/orders/1" h2load --h1 -n 100000 -c 32 "http://$listen/orders/1" |
    tee "$work/load" | grep -E '^(\$|finished|requests:|status codes:)'
grep -q 'requests: 100000 total, 100000 started, 100000 done, 100000 succeeded, 0 failed, 0 errored, 0 timeout' "$work/load" || fail "not every request succeeded"
grep -q 'status codes: 100000 2xx, 0 3xx, 0 4xx, 0 5xx' "$work/load" || fail "an answer was not 2xx"
until_true 5 test "$(wc -l <"$work/requests.log")" -ge 100000 || true
seen=$(wc -l <"$work/requests.log")
[ "$seen" -eq 100000 ] || fail "nginx saw $seen requests"
echo "nginx saw $seen requests"

# The breaker wants max(5, 10 % of the window's requests) failures in a row: let the window of 10 s pass.
sleep 11

echo "# 2. nginx is killed"
kill -TERM "$nginx_pid" && wait "$nginx_pid" 2>/dev/null || true # TERM is nginx's fast shutdown: connections are cut
opened=""
for i in {1..10}; do
    status=$(ask) flags=$(header x-sidecar-flags)
    retry_after=$(header retry-after)
    echo "request $i: $status  x-sidecar-flags: $flags${retry_after:+  retry-after: $retry_after}"
    [[ $flags =~ (^|,)CB(,|$) ]] && [ "$status" = 503 ] && opened=$flags && break
done
[ -n "$opened" ] || fail "the circuit did not open"
[ -n "$retry_after" ] || fail "an open circuit must say Retry-After"

breakers() { curl -fsS "http://$admin/breakers"; }
transitions() { grep '"event":"breaker-transition"' "$work/proxy.log"; }
refusal() { grep -m 1 '"flags":"[^"]*CB' "$work/proxy.log"; }
metrics() { curl -fsS "http://$admin/metrics" | grep '^sidecar_breaker'; }

shown "curl -s http://$admin/breakers" breakers | tee "$work/breakers"
grep -q '"state": *"open"' "$work/breakers" || fail "/breakers does not say open"
shown "curl -s http://$admin/metrics | grep ^sidecar_breaker" metrics | tee "$work/metrics"
grep -qE '^sidecar_breaker_state\{.*state="open".*\} 1' "$work/metrics" || fail "/metrics does not say open"
until_true 3 grep -q '"event":"breaker-transition".*"to":"open"' "$work/proxy.log" || fail "no log line says open"
shown "grep breaker-transition sidecar.log" transitions
until_true 3 grep -q '"flags":"[^"]*CB' "$work/proxy.log" || fail "no access line says CB"
shown "grep -m 1 CB sidecar.log" refusal

echo "# 3. nginx is back"
start_nginx
answers() { [ "$(ask)" = 200 ]; }
began=$SECONDS
until_true 60 answers || fail "the circuit did not close within 60 s"
echo "200 again after $((SECONDS - began)) s"
is_closed() { breakers | grep -q '"state": *"closed"'; }
until_true 5 is_closed || fail "/breakers does not say closed"
shown "curl -s http://$admin/breakers" breakers
until_true 3 grep -q '"to":"closed","reason":"probe-succeeded"' "$work/proxy.log" || fail "no log line says that a probe closed it"
shown "grep breaker-transition sidecar.log" transitions

kill -TERM "$proxy_pid"
status=0
wait "$proxy_pid" || status=$?
[ "$status" -eq 0 ] || fail "exit code $status after SIGTERM"
proxy_pid=""
shown "grep drain sidecar.log" grep drain "$work/proxy.log"
echo "acceptance: all well"
