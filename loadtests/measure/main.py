"""Runs the measures and writes the dated result. Called by loadtests/measure.sh, which checks the tools."""

import os
import re
import shutil
import statistics
import subprocess
import sys

import intercepted
import measures
import peers
from processes import WORK, accepts, stop
from report import Result, Table, output
from turns import Turns
from undisturbed import awake, has_no_idle_driver, reason_not_possible, undisturbed

ROUNDS = int(os.environ.get("SIDECAR_BENCH_ROUNDS", "12"))
PAGES = ("steady", "two-hops", "cold")


def versions():
    nginx = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=False).stderr.strip().rpartition("/")[2]
    haproxy = re.search(r"version (\S+)", output("haproxy", "-v"))
    return f"HAProxy {haproxy.group(1) if haproxy else '?'} (nbthread 1), nginx {nginx} (one worker), {output('uname', '-m')}"


def measure(table, plots):
    backend_port = peers.backend()
    log_port, otlp_port = peers.start_sinks()

    size = os.path.getsize(peers.BINARY) / 1e6
    table.row("proxy binary, stripped", "≤ 25 MB", f"{size:.1f} MB", size <= 25)

    # Its minute of quiet passes while others are measured.
    quiet, quiet_port, _ = peers.start_sidecar(backend_port, full=True, otlp_port=otlp_port)
    idle, busy, since = measures.resident(quiet, quiet_port)

    ours, haproxy = measures.start_times(backend_port, 15)
    middle = statistics.median(ours)
    table.row("start to first proxied 200, 100 routes: median (min) of 15", "≤ 80 ms",
              f"{middle:.0f} ({min(ours):.0f}) ms; HAProxy {statistics.median(haproxy):.0f} ({min(haproxy):.0f}) ms", middle <= 80)

    full, full_port, full_admin = peers.start_sidecar(backend_port, full=True, otlp_port=otlp_port)
    allocated = measures.allocated_per_request(full_port, full_admin)
    table.row("bytes allocated per request, full", "≤ 3 000", f"{allocated:.0f}", allocated <= 3000)

    calls = measures.syscalls_per_request(full, full_port)
    table.row("syscalls per request, 16 connections, full", "≤ 6.5", f"{calls:.1f}", calls <= 6.5)

    bare, bare_port, _ = peers.start_sidecar(backend_port, full=False)
    reference, reference_port = peers.start_haproxy(backend_port)
    calls = measures.syscalls_per_request(reference, reference_port)
    table.row("… HAProxy's, for comparison", "–", f"{calls:.1f}", None)
    price = (measures.allocated_per_request(full_port, full_admin, "/full/orders/1")
             - measures.allocated_per_request(full_port, full_admin, "/plain/orders/1"))
    table.row("price of resilience: bytes, two routes of one process", "≤ 1 024", f"{price:.0f}", price <= 1024)

    # The row whose figure is nearest to its bound gets rounds of its own.
    pair = Turns(backend_port, {"sidecar, bare": (bare, bare_port), "HAProxy": (reference, reference_port)}).take(ROUNDS * 2)

    after = measures.after_quiet(quiet, since)
    stop(quiet)
    table.row("resident memory idle", "≤ 36 MB", f"{idle / 1e6:.1f} MB", idle <= 36e6)
    table.row("resident memory, 64 busy connections", "≤ 50 MB", f"{busy / 1e6:.1f} MB", busy <= 50e6)
    table.row("resident memory after 1 000 connections and 60 s of quiet", "≤ 1.5 × idle", f"{after / idle:.2f} × ({after / 1e6:.1f} MB)", after <= 1.5 * idle)

    twin, logging, nginx = peers.start_haproxy(backend_port), peers.start_haproxy(backend_port, log_port), peers.start_nginx(backend_port)

    latency(table, backend_port, full_port, logging[1], nginx[1], log_port, otlp_port, plots)

    silent, silent_port, _ = peers.start_sidecar(backend_port, full=True, log=False, otlp_port=otlp_port)
    blind, blind_port, _ = peers.start_sidecar(backend_port, full=True, traces=0)
    peers_too = Turns(backend_port, {
        "sidecar, bare": (bare, bare_port), "sidecar, full": (full, full_port),
        "HAProxy": (reference, reference_port), "HAProxy, twin": twin, "HAProxy, httplog": logging, "nginx": nginx,
    }).take(ROUNDS)

    # Differences of a few microseconds need more rounds than ratios do.
    policies = Turns(backend_port, {"/full/": (full, full_port, "/full/orders/1"), "/plain/": (full, full_port, "/plain/orders/1")}).take(ROUNDS * 2)
    telemetry = Turns(backend_port, {
        "full": (full, full_port), "full, no access log": (silent, silent_port), "full, no exports": (blind, blind_port),
    }).take(ROUNDS * 5 // 2)
    together, slices, paired = pair.per_request(), peers_too.per_request(), policies.per_request() | telemetry.per_request()
    left, turns, slow, elapsed = (sum(counts) for counts in zip(*(taken.left_out() for taken in (pair, peers_too, policies, telemetry))))
    table.note(f"CPU in turns: the machine computed at less than half its pace for {100 * slow / elapsed:.1f} % of the time; {left} of {turns} turns met that and are left out.")

    def compare(what, target, name, against, bound, values=slices):
        middle, low, high = measures.median_interval(measures.ratio(values[name], values[against]))
        # The target is met when the whole interval is below it.
        table.row(what, target, f"{middle:.2f} ({low:.2f}–{high:.2f})", None if bound is None else high <= bound)
        return middle

    def price_of(what, bound, more, less):
        middle, low, high = measures.median_interval(measures.difference(paired[more], paired[less]))
        table.row(what, f"≤ {bound} µs", f"{middle:.1f} ({low:.1f}–{high:.1f}) µs", high <= bound)

    same = compare("CPU per request: HAProxy against its twin (A/A)", "1.00 ± 0.05", "HAProxy, twin", "HAProxy", None)
    compare("CPU per request against HAProxy, bare route", "≤ 1.7", "sidecar, bare", "HAProxy", 1.7, {name: slices[name] + together[name] for name in together})
    compare("CPU per request against HAProxy with httplog, full", "≤ 2.2", "sidecar, full", "HAProxy, httplog", 2.2)
    compare("… nginx against HAProxy, for comparison", "–", "nginx", "HAProxy", None)
    price_of("price of resilience: CPU, two routes of one process", 3, "/full/", "/plain/")
    price_of("price of telemetry: traces at 1 % and OTLP exports", 4, "full", "full, no exports")
    price_of("price of the access-log line", 4, "full", "full, no access log")
    for process in (bare, silent, blind, reference, twin[0], nginx[0]):
        stop(process)

    with awake():
        realistic = measures.cpu_per_request({"ours": (full, full_port), "HAProxy": logging}, ROUNDS // 2, load=measures.closed_r)
    compare("… with 12 request and 8 response headers, 10 % POST, full", "–", "ours", "HAProxy", None, realistic)
    stop(full)
    stop(logging[0])

    grpc_port = peers.grpc_backend()
    ours = peers.start_sidecar(grpc_port, full=True, otlp_port=otlp_port, protocol="http2", wait=False)
    theirs = peers.start_haproxy(grpc_port, log_port, wait=False, h2=" proto h2")
    for port in (ours[1], theirs[1]):
        accepts(port)
    with awake():
        unary = measures.cpu_per_request({"ours": ours[:2], "HAProxy": theirs}, ROUNDS // 2, load=measures.h2load, connections=4)
    compare("… unary calls over h2c, full", "–", "ours", "HAProxy", None, unary)
    stop(ours[0])
    stop(theirs[0])

    intercepted.rows(table)
    medians = ", ".join(f"{name} {statistics.median(values):.1f}" for name, values in (slices | paired).items())
    medians += "; profile R: " + ", ".join(f"{name} {statistics.median(values):.1f}" for name, values in realistic.items())
    medians += "; unary calls: " + ", ".join(f"{name} {statistics.median(values):.1f}" for name, values in unary.items())
    return medians, same


def latency(table, backend_port, full_port, haproxy_port, nginx_port, log_port, otlp_port, plots):
    """Added latency: open loop, over two hops, and in turn with gaps. By our generator; the pages with plots are its own."""
    def address(port):
        return f"http://127.0.0.1:{port}/orders/1"

    def added(what, report, target, percentile, bound, of=""):
        cells = report["tables"][f"added over direct, µs{of}"][target]
        value, low, high = (cells[f"{percentile}{end}"] / 1e3 for end in ("", " low", " high"))
        met = None if report["void"] or bound is None else high <= bound
        if report["void"]:
            table.note(f"**{report['title']}, {report['facts']['rate']}: void, because {report['void']}.**")
        table.row(what, "–" if bound is None else f"≤ {bound} ms", f"{value:.3f} ({low:.3f}–{high:.3f}) ms{', void' if report['void'] else ''}", met)

    def pace(report):
        table.note(f"{report['title']}, {report['facts']['rate'].partition(' ')[0]} per second: {measures.pace_of(report)}")

    one_hop = {"direct": address(backend_port), "sidecar": address(full_port), "haproxy": address(haproxy_port), "nginx": address(nginx_port)}
    three = {name: one_hop[name] for name in ("direct", "sidecar", "haproxy")}
    with undisturbed():
        steady = measures.loadgen("steady", three, rate=2000, rounds=16, reference="haproxy", out=plots, name="steady", **measures.UNDISTURBED)
    added("added latency, full, open loop at 2 000 rps: p50", steady, "sidecar", "p50", 0.20)
    added("added latency, full, open loop at 2 000 rps: p99", steady, "sidecar", "p99", 0.6)
    added("… p99.9", steady, "sidecar", "p99.9", None)
    added("… HAProxy's p50, for comparison", steady, "haproxy", "p50", None)
    added("… HAProxy's p99, for comparison", steady, "haproxy", "p99", None)
    added("… p99 with the machine's slow stretches", steady, "sidecar", "p99", None, measures.SLOW_TOO)
    added("… HAProxy's p99 with the machine's slow stretches", steady, "haproxy", "p99", None, measures.SLOW_TOO)
    pace(steady)

    left = measures.loadgen("steady", three, rate=2000, connections=16, slice="1s", rounds=4)
    added("… the machine left as it is: p50", left, "sidecar", "p50", None)
    added("… p99", left, "sidecar", "p99", None)
    added("… HAProxy's p50 there", left, "haproxy", "p50", None)
    added("… HAProxy's p99 there", left, "haproxy", "p99", None)

    callee, callee_port, _ = peers.start_sidecar(backend_port, full=True, otlp_port=otlp_port)
    caller, caller_port, _ = peers.start_sidecar(callee_port, full=True, otlp_port=otlp_port)
    far = peers.start_haproxy(backend_port, log_port)
    near = peers.start_haproxy(far[1], log_port)
    hops = {"direct": address(backend_port), "two hops": address(caller_port), "haproxy twice": address(near[1])}
    with undisturbed():
        two = measures.loadgen("steady", hops, rate=1000, rounds=12, out=plots, name="two-hops", **measures.UNDISTURBED)
    for process in (caller, callee, near[0], far[0]):
        stop(process)
    added("added latency over two hops, 1 000 rps, 16 connections: p50", two, "two hops", "p50", 0.5)
    added("added latency over two hops, 1 000 rps, 16 connections: p99", two, "two hops", "p99", 1.2)
    added("… p50 over HAProxy twice, for comparison", two, "haproxy twice", "p50", None)
    added("… p99 over HAProxy twice, for comparison", two, "haproxy twice", "p99", None)
    added("… over two hops, p99 with the machine's slow stretches", two, "two hops", "p99", None, measures.SLOW_TOO)
    added("… over HAProxy twice, p99 with the machine's slow stretches", two, "haproxy twice", "p99", None, measures.SLOW_TOO)
    pace(two)

    cold = measures.loadgen("interleave", one_hop, rounds=2500, gap="500us-5ms", reference="haproxy", out=plots, name="cold")
    cells = cold["tables"]["added, over what haproxy adds"]["sidecar"]
    table.row("cold path (0.5–5 ms gaps): added p50 over HAProxy's", "≤ 2.4 ×",
              f"{cells['p50']:.2f} ({cells['p50 low']:.2f}–{cells['p50 high']:.2f}) ×", cells["p50 high"] <= 2.4)


def main():
    result = Result()
    table = Table()
    plots = os.path.join(WORK, "plots")
    medians, same = measure(table, plots)

    void = "" if abs(same - 1) <= 0.05 else (
        "\n**The A/A pair is off by more than 5 %: the machine was too busy, and the CPU ratios of this run are void.**\n")
    reason = reason_not_possible()
    apart = (f"**Latency and CPU were measured with the machine as it is, because keeping it out {reason}.**" if reason else
             "But for the cold path and where a row says otherwise, latency was measured with no CPU put to sleep and what is measured before everything else on the machine, "
             + ("CPU with CPUs that halt, because this kernel has no idle driver that would keep them awake" if has_no_idle_driver() else "CPU with no CPU put to sleep")
             + " (`loadtests/measure/undisturbed.py`).")
    text = f"""# {result.title}

{result.machine()}
Peers: {versions()}. Ours: {peers.version()}.
Client, backend (nginx, 100 bytes) and sinks on one CPU, the proxy alone on the other; 16 keep-alive connections, {ROUNDS} rounds of a second for each, in turns of a tenth of a second (profile R and unary calls: {ROUNDS // 2}, in one piece).
{void}{"".join(f"{chr(10)}{note}{chr(10)}" for note in table.notes)}
{table.text()}

CPU microseconds per request, medians: {medians}. Intervals are 95 % bootstrap intervals of the median ratio; a ratio's target is met when the whole interval is.
"Full": route with timeout, retry and breaker, metrics, 1 % traces over OTLP, one access-log line per request to a pipe; HAProxy with `option httplog` to a local datagram socket.
Added latency is that of the intended start, over a direct connection to the backend measured in the same round. {apart} The latencies whose rows do not say otherwise leave out the first {measures.LEAD} of the load of each slice: what had nothing to do meanwhile begins with cold caches. The price of telemetry leaves out what cannot be switched off: the counting of metrics.
Curves: {", ".join(f"[{page}]({result.name}-{page}.html)" for page in PAGES)}.
"""
    print(result.write(text))
    for page in PAGES:
        shutil.copyfile(os.path.join(plots, f"{page}.html"), os.path.join(result.folder, f"{result.name}-{page}.html"))


if __name__ == "__main__":
    sys.exit(main())
