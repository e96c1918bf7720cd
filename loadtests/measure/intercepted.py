"""Added latency through interception: an application in a pod with real redirect rules, open loop, against the same connection on a port
that is not redirected, inside each round. Root only."""

import os
import sys

import measures
import peers
import pods
from processes import LOAD_CPU, start, stop

RATES = (10_000, 5000, 2000)
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


def rows(table):
    """10 000 per second; where the generator cannot keep that time, also the highest of the other rates at which it can."""
    what = "added latency through interception, full, open loop at"
    reason = pods.reason_not_possible()
    if reason:
        for percentile, bound in (("p50", 0.3), ("p99", 1.0)):
            table.row(f"{what} 10 000 rps: {percentile}", f"≤ {bound} ms", f"not measured: {reason}", None)
        return
    network = pods.Network(1)
    pod = network.pods[0]
    pods.start_nginx(network.peer, [f"{pods.PEER}:{port}" for port in (REDIRECTED, SKIPPED)], "intercepted", f'return 200 "{peers.BODY}";')
    start(pods.inside(pod.name, sys.executable, os.path.join(os.path.dirname(__file__), "sinks.py"), "5140", str(OTLP)), LOAD_CPU)
    pod.intercept("--skip-outbound-ports", str(SKIPPED))
    process = pod.start_sidecar(CONFIG, {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{OTLP}", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"})
    for port in (REDIRECTED, SKIPPED):
        pods.until(f"port {port} answers in the pod", lambda at=port: pods.get(pod.name, f"{pods.PEER}:{at}", "/")[0] == 200)

    targets = {"direct": f"http://{pods.PEER}:{SKIPPED}/orders/1", "intercepted": f"http://{pods.PEER}:{REDIRECTED}/orders/1"}
    for rate in RATES:
        report = measures.loadgen("steady", targets, prefix=pods.inside(pod.name), rate=rate, connections=16, slice="1s", rounds=6)
        passed = float(pods.get(pod.name, f"127.0.0.1:{pods.ADMIN}", "/stats")[1].split('"requests": ')[1].split(",")[0])
        if passed < report["tables"]["requests"]["intercepted"]["succeeded"]:
            raise SystemExit("the requests did not pass the sidecar: the redirect does not work")
        counts = report["tables"]["requests"]["intercepted"]
        if report["void"]:
            table.note(f"**{report['title']}, through interception, {spaced(rate)} per second: void, because {report['void']}. Reached: {counts['per second']:.0f} per second.**")
        cells = report["tables"]["added over direct, µs"]["intercepted"]
        for percentile, bound in (("p50", 0.3), ("p99", 1.0)):
            value, low, high = (cells[f"{percentile}{end}"] / 1e3 for end in ("", " low", " high"))
            is_target = rate == RATES[0]
            table.row(f"{what if is_target else '… at'} {spaced(rate)} rps: {percentile}",
                      f"≤ {bound} ms" if is_target else "–", f"{value:.3f} ({low:.3f}–{high:.3f}) ms{', void' if report['void'] else ''}",
                      None if report["void"] or not is_target else high <= bound)
        if not report["void"]:
            break
    stop(process)
