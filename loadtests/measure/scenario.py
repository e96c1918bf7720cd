"""Starts what a suite of loadtests/scenarios wants and runs it. Called by loadtests/scenario.sh."""

import os
import statistics
import subprocess
import sys
import time

import measures
import peers
from processes import LOAD_CPU, PROXY_CPU, accepts, first_200, free_port, memory, pinned, start, write

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
FOLDER = os.path.join(ROOT, "artifacts", "load")


def at(port, path="/orders/1"):
    return f"http://127.0.0.1:{port}{path}"


def own_backend(*options):
    """Our backend: WebSocket echo, unary calls, bodies, a known capacity. Returns its ports of HTTP/1.1 and h2c."""
    http, h2c = free_port(), free_port()
    start([measures.LOADGEN, "backend", "--http", str(http), "--h2c", str(h2c), *options], LOAD_CPU)
    first_200(http)
    return http, h2c


def against_peers():
    log_port, otlp_port = peers.start_sinks()
    backend = peers.backend()
    _, sidecar, _ = peers.start_sidecar(backend, full=True, otlp_port=otlp_port)
    return {"direct": at(backend), "sidecar": at(sidecar), "haproxy": at(peers.start_haproxy(backend, log_port)[1]), "nginx": at(peers.start_nginx(backend)[1])}, {}


def alone():
    _, sidecar, _ = peers.start_sidecar(peers.backend(), full=True)
    return {"sidecar": at(sidecar)}, {}


def policies():
    """Routes of one process, each with one policy."""
    backend, port, admin = peers.backend(), free_port(), free_port()
    each = {
        "none": "{ timeouts: { request: off }, retry: off }",
        "timeout": "{ timeouts: { request: 15s, perTry: 5s }, retry: off }",
        "retry": "{ timeouts: { request: off }, retry: { maxRetries: 2 } }",
        "breaker": "{ timeouts: { request: off }, retry: off, circuitBreaker: {} }",
        "all": "{ timeouts: { request: 15s, perTry: 5s }, retry: { maxRetries: 2 }, circuitBreaker: {} }",
    }
    routes = "".join(f'  with-{name}: {{ match: {{ path: "/{name}/{{**rest}}" }}, cluster: up, policy: {policy} }}\n' for name, policy in each.items())
    config = f"""version: 1
listeners: {{ reverse: {{ address: "127.0.0.1:{port}" }}, admin: {{ address: "127.0.0.1:{admin}" }}, metrics: off }}
clusters: {{ up: {{ destinations: {{ a: {{ address: "http://127.0.0.1:{backend}" }} }} }} }}
routes:
{routes}"""
    start([peers.BINARY, "run", "--config", write("policies.yaml", config)], PROXY_CPU, {"SIDECAR_EVENT_LOOPS": "1"})
    first_200(port, "/none/")
    return {name: at(port, f"/{name}/orders/1") for name in each}, {}


def telemetry():
    _, otlp_port = peers.start_sinks()
    backend = peers.backend()
    several = {
        "none": peers.start_sidecar(backend, full=True, log=False, traces=0),
        "access-log": peers.start_sidecar(backend, full=True, traces=0),
        "traces": peers.start_sidecar(backend, full=True, log=False, otlp_port=otlp_port),
        "all-traces": peers.start_sidecar(backend, full=True, log=False, otlp_port=otlp_port, traces=1),
    }
    return {name: at(port) for name, (_, port, _) in several.items()}, {}


def large_bodies():
    http, _ = own_backend()
    _, sidecar, _ = peers.start_sidecar(http, full=True)
    return {"download": at(sidecar, "/bytes/10485760"), "upload": at(sidecar), "small": at(sidecar)}, {}


def http2_grpc():
    _, h2c = own_backend()
    _, sidecar, _ = peers.start_sidecar(h2c, full=True, protocol="http2", wait=False)
    accepts(sidecar)
    return {"h2c": at(sidecar), "grpc": at(sidecar, "/orders.Orders/Get")}, {}


def websocket():
    http, _ = own_backend()
    _, sidecar, _ = peers.start_sidecar(http, full=True)
    return {"websocket": at(sidecar)}, {}


def overload():
    # Eight at a time, 8 ms each (and what timers add): a capacity of somewhat less than 1 000, far below the machine's.
    http, _ = own_backend("--slots", "8", "--delay", "8ms")
    _, sidecar, _ = peers.start_sidecar(http, full=True)
    measured = measures.loadgen("closed", {"it": at(http)}, connections=16, during="3s")["tables"]["requests"]["it"]["per second"]
    return {"sidecar": at(sidecar)}, {"capacity": int(measured)}


def reload_under_load():
    http, _ = own_backend()
    _, port, _ = peers.start_sidecar(http, full=True)
    return {"sidecar": at(port), "websocket": at(port)}, {"config": os.path.join(os.path.dirname(write("empty", "")), f"sidecar-{port}.yaml")}


def soak():
    """Watched: the memory after a sixth of the time (ten minutes of an hour) must be that of the end."""
    process, sidecar, _ = peers.start_sidecar(peers.backend(), full=True)
    return {"sidecar": at(sidecar)}, {}, process


def watched(line, process, seconds):
    """Runs the generator and samples the proxy's memory. Returns its exit code, or 1 when the memory has grown by 5 %."""
    run, began, samples = subprocess.Popen(line), time.monotonic(), []
    while run.poll() is None:
        samples.append((time.monotonic() - began, memory(process)))
        time.sleep(min(5, seconds / 60))
    early = [size for at_second, size in samples if seconds / 6 <= at_second <= seconds / 3]
    late = [size for at_second, size in samples if at_second >= seconds * 5 / 6]
    if not early or not late:
        return run.returncode or 1
    growth = statistics.median(late) / statistics.median(early) - 1
    print(f"memory: {statistics.median(early) / 1e6:.1f} MB early, {statistics.median(late) / 1e6:.1f} MB at the end, {growth:+.1%} (wanted: < 5 %)")
    return run.returncode or int(growth >= 0.05)


SUITES = {
    "latency-overhead": against_peers, "cold": against_peers, "policies": policies, "telemetry": telemetry, "throughput": alone, "connections": alone,
    "large-bodies": large_bodies, "http2-grpc": http2_grpc, "websocket": websocket, "overload": overload,
    "reload-under-load": reload_under_load, "soak": soak,
}


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in SUITES:
        raise SystemExit(f"which suite? {', '.join(SUITES)}; then SETTING=VALUE…")
    name = sys.argv[1]
    targets, settings, *process = SUITES[name]()
    settings |= dict(argument.partition("=")[::2] for argument in sys.argv[2:])
    line = [measures.LOADGEN, "run", name, "--out", FOLDER]
    for target, address in targets.items():
        line += ["--target", f"{target}={address}"]
    for setting, value in settings.items():
        line += ["--set", f"{setting}={value}"]
    if process:
        status = watched(pinned(LOAD_CPU, line), process[0], 60 * int(settings.get("minutes", 60)))
    else:
        status = subprocess.run(pinned(LOAD_CPU, line), check=False).returncode
    print(f"reports: {os.path.relpath(FOLDER, ROOT)}/{name}*")
    sys.exit(status)


if __name__ == "__main__":
    main()
