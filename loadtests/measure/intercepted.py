"""Added latency through interception: an application in a pod with real redirect rules, open loop, against the same connection on a port
that is not redirected, inside each round. Root only."""

import json
import os
import sys
import time

import measures
import peers
import pods
from processes import LOAD_CPU, PROXY_CPU, cpu_seconds, start, stop
from undisturbed import undisturbed

RATES = (10_000, 8000, 5000)
ROUNDS = 8
BOUNDS = {"p50": 0.3, "p99": 1.0}
MOST_OF_OTHERS = 0.1  # of the proxy's CPU; beyond it the figures are of the machine
REDIRECTED, SKIPPED = 9000, 9001
OTLP = 4318
CONFIG = """version: 1
listeners: { outbound: {}, inbound: {} }
telemetry: { traceRatio: 0.01, accessLog: { successRatio: 1, linesPerSecond: 1000000 } }
policies: { measured: { timeouts: { request: 15s, perTry: 5s }, retry: { maxRetries: 2 }, circuitBreaker: {} } }
routes: { all: { direction: outbound, match: { path: "/{**rest}" }, forwardTo: original, policy: measured } }
"""


def spaced(number):
    return f"{number:,}".replace(",", " ")


def busy_seconds():
    """CPU time of everybody on the proxy's CPU."""
    with open("/proc/stat", encoding="ascii") as stat:
        ticks = next(line.split()[1:] for line in stat if line.startswith(f"cpu{PROXY_CPU or 0} "))
    return sum(int(ticks[i]) for i in (0, 1, 2, 5, 6)) / os.sysconf("SC_CLK_TCK")  # user, nice, system, irq, softirq


def rows(table):
    """10 000 per second. Where that is void, or more than was wanted, lower rates too: the first at which the target holds is the last."""
    what = "added latency through interception, full, open loop at"
    reason = pods.reason_not_possible()
    if reason:
        for percentile, bound in BOUNDS.items():
            table.row(f"{what} 10 000 rps: {percentile}", f"≤ {bound} ms", f"not measured: {reason}", None)
        return
    network = pods.Network(1)
    pod = network.pods[0]
    pods.start_nginx(network.peer, [f"{pods.PEER}:{port}" for port in (REDIRECTED, SKIPPED)], "intercepted", f'return 200 "{peers.BODY}";')
    start(pods.inside(pod.name, sys.executable, os.path.join(os.path.dirname(__file__), "sinks.py"), "5140", str(OTLP)), LOAD_CPU, beside=True)
    pod.intercept("--skip-outbound-ports", str(SKIPPED))
    process = pod.start_sidecar(CONFIG, {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{OTLP}", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"})
    for port in (REDIRECTED, SKIPPED):
        pods.until(f"port {port} answers in the pod", lambda at=port: pods.get(pod.name, f"{pods.PEER}:{at}", "/")[0] == 200)

    targets = {"direct": f"http://{pods.PEER}:{SKIPPED}/orders/1", "intercepted": f"http://{pods.PEER}:{REDIRECTED}/orders/1"}
    for rate in RATES:
        before, busy_before, began = cpu_seconds(process), busy_seconds(), time.monotonic()
        with undisturbed() as spinners:
            report = measures.loadgen("steady", targets, prefix=pods.inside(pod.name), rate=rate, rounds=ROUNDS, **measures.UNDISTURBED)
            spun = sum(cpu_seconds(spinner) for cpu, spinner in spinners.items() if cpu == (PROXY_CPU or 0))
        used, elapsed = cpu_seconds(process) - before, time.monotonic() - began
        others = max(0.0, busy_seconds() - busy_before - used - spun) / elapsed
        void = report["void"] or (f"others took {100 * others:.0f} % of the proxy's CPU" if PROXY_CPU is not None and others > MOST_OF_OTHERS else None)
        counts = report["tables"]["requests"]["intercepted"]
        each = used / (counts["succeeded"] + rate)  # a second to warm up
        passed = json.loads(pods.get(pod.name, f"127.0.0.1:{pods.ADMIN}", "/stats")[1])["requests"]
        if passed < counts["succeeded"]:
            raise SystemExit("the requests did not pass the sidecar: the redirect does not work")
        if void:
            table.note(f"**{report['title']}, through interception, {spaced(rate)} per second: void, because {void}. Answered: {counts['per second']:.0f} per second.**")
        cells, is_target, are_met = report["tables"]["added over direct, µs"]["intercepted"], rate == RATES[0], not void
        for percentile, bound in BOUNDS.items():
            value, low, high = (cells[f"{percentile}{end}"] / 1e3 for end in ("", " low", " high"))
            are_met &= high <= bound
            busy = f"; the proxy's CPU is busy for {100 * each * rate:.0f} %" if percentile == "p50" else ""
            table.row(f"{what if is_target else '… at'} {spaced(rate)} rps: {percentile}", f"≤ {bound} ms" if is_target else "–",
                      f"{value:.3f} ({low:.3f}–{high:.3f}) ms{', void' if void else ''}{busy}", high <= bound if is_target and not void else None)
        value, low, high = (report["tables"][f"added over direct, µs{measures.SLOW_TOO}"]["intercepted"][f"p99{end}"] / 1e3 for end in ("", " low", " high"))
        table.row(f"… at {spaced(rate)} rps: p99 with the machine's slow stretches", "–", f"{value:.3f} ({low:.3f}–{high:.3f}) ms", None)
        table.note(f"{report['title']}, through interception, {spaced(rate)} per second: {measures.pace_of(report)}")
        if are_met:
            break
    stop(process)
