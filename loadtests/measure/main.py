"""Runs the measures and writes the dated result. Called by loadtests/measure.sh, which checks the tools."""

import datetime
import os
import platform
import re
import statistics
import subprocess
import sys

import measures
import peers
from processes import CPUS, stop

ROUNDS = int(os.environ.get("SIDECAR_BENCH_ROUNDS", "20"))
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


class Table:
    """One row per measure: what was wanted, what was seen, and whether it was met."""

    def __init__(self):
        self.rows = []

    def row(self, what, target, measured, met):
        verdict = "–" if met is None else "met" if met else "**not met**"
        self.rows.append(f"| {what} | {target} | {measured} | {verdict} |")
        print(f"    {what}: {measured} (first release: {target}): {verdict.strip('*')}", flush=True)

    def text(self):
        return "\n".join(["| measure | first release | measured | |", "|---|---|---|---|", *self.rows])


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False).stdout.strip()
    except FileNotFoundError:
        return ""


def steal_and_load():
    with open("/proc/stat", encoding="ascii") as stat:
        ticks = [int(value) for value in stat.readline().split()[1:]]
    return ticks[7], sum(ticks), " ".join(f"{value:.2f}" for value in os.getloadavg())


def machine():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        model = re.search(r"model name\s*:\s*(.*)", info.read())
    with open("/proc/meminfo", encoding="ascii") as info:
        total = int(info.readline().split()[1]) / 1e6
    release = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    return f"{len(CPUS)} × {model.group(1) if model else platform.machine()}, {total:.1f} GB, {release}, kernel {platform.release().partition('-')[0]}"


def versions():
    nginx = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=False).stderr.strip().rpartition("/")[2]
    haproxy = re.search(r"version (\S+)", output("haproxy", "-v"))
    return f"HAProxy {haproxy.group(1) if haproxy else '?'} (nbthread 1), nginx {nginx} (one worker), {output('uname', '-m')}"


def measure(table):
    backend_port = peers.backend()
    log_port, otlp_port = peers.start_sinks()

    size = os.path.getsize(peers.BINARY) / 1e6
    table.row("proxy binary, stripped", "≤ 25 MB", f"{size:.1f} MB", size <= 25)

    ours, haproxy = measures.start_times(backend_port, 15)
    middle = statistics.median(ours)
    table.row("start to first proxied 200, 100 routes: median (min) of 15", "≤ 80 ms",
              f"{middle:.0f} ({min(ours):.0f}) ms; HAProxy {statistics.median(haproxy):.0f} ({min(haproxy):.0f}) ms", middle <= 80)

    full, full_port, full_admin = peers.start_sidecar(backend_port, full=True, otlp_port=otlp_port)
    idle, busy, after = (value / 1e6 for value in measures.resident(full, full_port))
    table.row("resident memory idle", "≤ 36 MB", f"{idle:.1f} MB", idle <= 36)
    table.row("resident memory, 64 busy connections", "≤ 50 MB", f"{busy:.1f} MB", busy <= 50)
    table.row("resident memory after 1 000 connections and 60 s of quiet", "≤ 1.5 × idle", f"{after / idle:.2f} × ({after:.1f} MB)", after <= 1.5 * idle)

    try:
        allocated = measures.allocated_per_request(full_port, full_admin)
        table.row("bytes allocated per request, full", "≤ 3 000", f"{allocated:.0f}", allocated <= 3000)
    except (OSError, KeyError, ValueError) as why:
        table.row("bytes allocated per request, full", "≤ 3 000", f"not measured: /stats: {why}", None)

    calls = measures.syscalls_per_request(full, full_port)
    table.row("syscalls per request, 16 connections, full", "≤ 6.5", f"{calls:.1f}", calls <= 6.5)

    bare, bare_port, _ = peers.start_sidecar(backend_port, full=False)
    reference, reference_port = peers.start_haproxy(backend_port)
    calls = measures.syscalls_per_request(reference, reference_port)
    table.row("… HAProxy's, for comparison", "–", f"{calls:.1f}", None)
    twin, logging, nginx = peers.start_haproxy(backend_port), peers.start_haproxy(backend_port, log_port), peers.start_nginx(backend_port)
    slices = measures.cpu_per_request({
        "sidecar, bare": (bare, bare_port), "sidecar, full": (full, full_port),
        "HAProxy": (reference, reference_port), "HAProxy, twin": twin, "HAProxy, httplog": logging, "nginx": nginx,
    }, ROUNDS)

    def compare(what, target, name, against, bound):
        middle, low, high = measures.median_interval(measures.ratio(slices[name], slices[against]))
        # The target is met when the whole interval is below it.
        table.row(what, target, f"{middle:.2f} ({low:.2f}–{high:.2f})", None if bound is None else high <= bound)
        return middle

    same = compare("CPU per request: HAProxy against its twin (A/A)", "1.00 ± 0.05", "HAProxy, twin", "HAProxy", None)
    compare("CPU per request against HAProxy, bare route", "≤ 1.7", "sidecar, bare", "HAProxy", 1.7)
    compare("CPU per request against HAProxy with httplog, full", "≤ 2.2", "sidecar, full", "HAProxy, httplog", 2.2)
    compare("… nginx against HAProxy, for comparison", "–", "nginx", "HAProxy", None)
    medians = ", ".join(f"{name} {statistics.median(values):.1f}" for name, values in slices.items())
    for process in (full, bare, reference, twin[0], logging[0], nginx[0]):
        stop(process)
    return medians, same


def main():
    now = datetime.datetime.now(datetime.timezone.utc)
    commit = output("git", "rev-parse", "--short=12", "HEAD") or "unknown"
    dirty = " with changes" if output("git", "status", "--porcelain", "--", "src") else ""
    steal, ticks, load_before = steal_and_load()
    table = Table()
    medians, same = measure(table)
    steal_after, ticks_after, load_after = steal_and_load()

    void = "" if abs(same - 1) <= 0.05 else (
        "\n**The A/A pair is off by more than 5 %: the machine was too busy, and the CPU ratios of this run are void.**\n")
    text = f"""# {now:%Y-%m-%d %H:%M} UTC, commit {commit}{dirty}

Machine: {machine()}. Load average before {load_before}, after {load_after}; stolen CPU {100 * (steal_after - steal) / max(1, ticks_after - ticks):.1f} %.
Peers: {versions()}. Ours: {"; ".join(" ".join(line.split()) for line in output(peers.BINARY, "version").splitlines())}.
Client, backend (nginx, 100 bytes) and sinks on one CPU, the proxy alone on the other; 16 keep-alive connections, {ROUNDS} rounds of 1 s slices.
{void}
{table.text()}

CPU microseconds per request, medians: {medians}. Intervals are 95 % bootstrap intervals of the median ratio; a ratio's target is met when the whole interval is.
"Full": route with timeout, retry and breaker, metrics, 1 % traces over OTLP, one access-log line per request to a pipe; HAProxy with `option httplog` to a local datagram socket.
"""
    path = os.path.join(ROOT, "loadtests", "results", f"{now:%Y-%m-%d}-{commit}.md")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"written: {os.path.relpath(path, ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
