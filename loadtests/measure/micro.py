"""Runs the groups of Sidecar.Benchmarks, several passes of all of them, and judges. Called by loadtests/micro.sh.

A pass runs every group once, each in a process of its own and in an order drawn anew. A figure is the median over the
passes, its spread the lowest and the highest of them. Exits with 1 when a stated limit is missed or the run is void."""

import contextlib
import datetime
import fcntl
import os
import random
import statistics
import subprocess
import sys

from main import ROOT, Table, machine, output, steal_and_load

PASSES = int(os.environ.get("SIDECAR_MICRO_PASSES", "5"))
PROGRAM = os.path.join(ROOT, "artifacts", "bin", "Sidecar.Benchmarks", "release", "Sidecar.Benchmarks.dll")
LOGS = os.path.join(ROOT, "artifacts", "logs")
GROUPS = ("decisions", "routes", "headers", "access-line", "metrics", "traces", "writers", "scrape", "export", "connections")

# The same group once more in every pass: what differs between the two is the machine, not the code.
TWIN = "decisions"
TWIN_TOLERANCE = 0.10


@contextlib.contextmanager
def turn():
    """Holds the file that SIDECAR_BENCH_LOCK names while something is measured: measurements that name the same file wait for one another."""
    path = os.environ.get("SIDECAR_BENCH_LOCK")
    if not path:
        yield
        return
    with open(path, "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run(group):
    """One group once: name → values."""
    with turn(), open(os.path.join(LOGS, f"micro-{group}.log"), "w", encoding="utf-8") as log:
        done = subprocess.run(["dotnet", PROGRAM, group], stdout=subprocess.PIPE, stderr=log, text=True, timeout=180, check=False)
    if done.returncode != 0:
        sys.exit(f"micro: {group} ended with {done.returncode}; artifacts/logs/micro-{group}.log says why")
    figures = {}
    for line in done.stdout.splitlines():
        name, _, value = line.split("\t")
        figures.setdefault(name, []).append(float(value))
    return figures


class Measured:
    """Every figure of every pass."""

    def __init__(self):
        self.values = {}
        self.twin = {}

    def pass_over(self):
        order = [*GROUPS, f"{TWIN}, twin"]
        random.shuffle(order)
        for group in order:
            into = self.twin if group.endswith("twin") else self.values
            for name, values in run(group.partition(",")[0]).items():
                into.setdefault(name, []).append(statistics.median(values))

    def middle(self, name):
        return statistics.median(self.values[name])

    def text(self, name, unit, per=1.0, digits=0):
        """A figure with its spread."""
        values = [value / per for value in self.values[name]]
        return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f}) {unit}"

    def aa(self):
        name = "Decisions.BreakerAndBudget"
        return statistics.median(self.twin[name]) / self.middle(name)


def limits(table, seen):
    """The limits of PRODUCT §7 and of issue 5's list. Returns how many are missed."""
    missed = 0

    def row(what, limit, measured, met):
        nonlocal missed
        table.row(what, limit, measured, met)
        missed += met is False

    def allocated(what, name):
        row(what, "0 bytes", f"{seen.middle(name):.0f} bytes", seen.middle(name) == 0)

    decision = seen.middle("Decisions.BreakerAndBudget")
    bytes_of_decision = seen.middle("Decisions.BreakerAndBudget.allocated")
    row("one breaker + budget decision", "< 1 µs, no allocation",
        f"{seen.text('Decisions.BreakerAndBudget', 'ns')}, {bytes_of_decision:.0f} bytes", decision < 1000 and bytes_of_decision == 0)
    slowest = min(("writers.spread", "writers.same"), key=seen.middle)
    row("metrics: requests recorded per second by 50 writers, the slower of own routes and one route", "≥ 50 000",
        seen.text(slowest, "million", 1e6, 2), seen.middle(slowest) >= 50_000)
    row("metrics: one scrape of 50 routes, 800 label combinations", "≤ 10 ms", seen.text("Metrics.Scrape.50", "ms", 1e6, 1), seen.middle("Metrics.Scrape.50") <= 10e6)
    row("… what it adds to the p99 of recording while one scrape follows the other", "≤ 1 µs", seen.text("scrape.p99.added", "µs", 1e3, 2),
        seen.middle("scrape.p99.added") <= 1000)
    slower = max(("export.http/protobuf.median", "export.grpc.median"), key=seen.middle)
    row("export of 100 spans to a local sink, the slower protocol", "≤ 50 ms", seen.text(slower, "ms", digits=2), seen.middle(slower) <= 50)
    row("cleanup of 1 000 idle upstream connections, the kernel's part included", "≤ 10 ms", seen.text("connections.cluster", "ms", digits=1),
        seen.middle("connections.cluster") <= 10)
    allocated("policy engine around a call that succeeds: allocation", "Decisions.PolicyEngine.allocated")
    allocated("metrics of one request: allocation", "Metrics.Record.50.allocated")
    allocated("spans of a request that is not sampled: allocation", "Traces.NotSampledRequest.allocated")
    return missed


def rest(seen):
    """Everything else that was measured."""
    rows = []

    def row(what, name, unit="ns", per=1.0, digits=0):
        error = f"± {seen.middle(name + '.error') / per:.{digits}f}" if name + ".error" in seen.values else "–"
        allocated = f"{seen.middle(name + '.allocated'):.0f}" if name + ".allocated" in seen.values else "–"
        rows.append(f"| {what} | {seen.text(name, unit, per, digits)} | {error} | {allocated} |")

    row("breaker + budget, all four steps: count, ask, settle, withdraw", "Decisions.BreakerAndBudget")
    row("breaker + budget of a request without a retry: three of them", "Decisions.BreakerAndBudgetWithoutRetry")
    row("refusal by an open breaker", "Decisions.OpenBreaker")
    row("policy engine around a call that is answered at once", "Decisions.PolicyEngine")
    for routes in ("100", "1000"):
        for by in ("path", "host"):
            row(f"route lookup among {int(routes):,} routes told apart by {by}".replace(",", " "), f"RouteLookup.Lookup.{routes}.{by}")
    for fields in ("3", "12"):
        row(f"request headers, {fields} fields and ours, the message included", f"Headers.Request.{fields}")
        row(f"response headers, {fields} fields", f"Headers.Response.{fields}")
    row("the message alone", "Headers.Message.3")
    row(f"access-log line of {seen.middle('AccessLine.length'):.0f} bytes", "AccessLine.Write")
    row("metrics of one request, 800 label combinations", "Metrics.Record.50")
    row("… while they are exported over OTLP too", "ExportedMetrics.Record")
    row("… among 10 000 label combinations", "Metrics.Record.625")
    row(f"scrape of 10 000 label combinations, {seen.middle('Metrics.page.625') / 1e6:.1f} MB", "Metrics.Scrape.625", "ms", 1e6, 1)
    row(f"scrape of 50 routes, {seen.middle('Metrics.page.50') / 1e6:.1f} MB", "Metrics.Scrape.50", "ms", 1e6, 1)
    row("50 writers, each its own route", "writers.spread", "million/s", 1e6, 2)
    row("50 writers, one route", "writers.same", "million/s", 1e6, 2)
    for percentile in ("50", "99", "99.9"):
        row(f"recording, p{percentile}, nobody scrapes", f"scrape.p{percentile}.quiet")
        row(f"recording, p{percentile}, while one scrape follows the other", f"scrape.p{percentile}.scraped")
    row("trace of 5 spans: a request, 4 attempts, 3 waits", "Traces.FiveSpans")
    row("the same calls of a request that is not sampled", "Traces.NotSampledRequest")
    for protocol in ("http/protobuf", "grpc"):
        row(f"export of 100 spans, {protocol}, median of 50", f"export.{protocol}.median", "ms", digits=2)
        row(f"export of 100 spans, {protocol}, slowest of 50", f"export.{protocol}.worst", "ms", digits=2)
    row("cleanup of 1 000 idle upstream connections", "connections.cluster", "ms", digits=1)
    row("closing 1 000 sockets, nothing of ours", "connections.kernel", "ms", digits=1)
    return "\n".join(["| what | median (lowest–highest pass) | error within a pass | bytes |", "|---|---|---|---|", *rows])


def main():
    now = datetime.datetime.now(datetime.timezone.utc)
    commit = output("git", "rev-parse", "--short=12", "HEAD") or "unknown"
    dirty = " with changes" if output("git", "status", "--porcelain", "--", "src") else ""
    steal, ticks, load_before = steal_and_load()
    seen = Measured()
    for number in range(PASSES):
        print(f"==> pass {number + 1} of {PASSES}", flush=True)
        seen.pass_over()
    steal_after, ticks_after, load_after = steal_and_load()

    table = Table()
    missed = limits(table, seen)
    same = seen.aa()
    void = "" if abs(same - 1) <= TWIN_TOLERANCE else (
        f"\n**The A/A pair is off by more than {100 * TWIN_TOLERANCE:.0f} %: the machine was too busy, and the times of this run are void.**\n")
    goal = "met" if seen.middle("Decisions.BreakerAndBudget") < 100 else f"{seen.middle('Decisions.BreakerAndBudget') / 100:.2f} × of it"
    runtime = output("dotnet", "--list-runtimes").splitlines()
    runtime = [line.split()[1] for line in runtime if line.startswith("Microsoft.NETCore.App 10.")]
    name = f"micro-{now:%Y-%m-%d}-{commit}"
    text = f"""# Micro-benchmarks, {now:%Y-%m-%d %H:%M} UTC, commit {commit}{dirty}

Machine: {machine()}. Load average before {load_before}, after {load_after}; stolen CPU {100 * (steal_after - steal) / max(1, ticks_after - ticks):.1f} %.
.NET {runtime[-1] if runtime else "?"}, just-in-time compiled without profile-guided optimization; what is shipped is Native AOT (loadtests/README.md, "Micro-benchmarks"). BenchmarkDotNet 0.14.0.
{PASSES} passes, every group a process of its own, in an order drawn anew; a figure is the median of the passes with the lowest and the highest.
The group of the breaker ran twice in every pass (A/A): {same:.2f}, wanted 1.00 ± {TWIN_TOLERANCE:.2f}.
{void}
{table.text().replace("| first release |", "| limit |")}

One breaker + budget decision is going to < 100 ns: {goal}.

{rest(seen)}

The error within a pass is half of BenchmarkDotNet's 99.9 % confidence interval, median over passes. Bytes are those allocated by one operation.
"""
    path = os.path.join(ROOT, "loadtests", "results", f"{name}.md")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"written: {os.path.relpath(path, ROOT)}")
    if void:
        print("micro: void, the A/A pair is off", file=sys.stderr)
    if missed:
        print(f"micro: {missed} limit{'s' if missed > 1 else ''} missed", file=sys.stderr)
    return 1 if missed or void else 0


if __name__ == "__main__":
    sys.exit(main())
