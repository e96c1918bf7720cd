"""Runs the groups of Sidecar.Benchmarks, several passes of all of them, and judges. Called by loadtests/micro.sh.

A pass runs every group once, each in a process of its own and in an order drawn anew. A figure is the median over the
passes, its spread the lowest and the highest of them. Exits with 1 when a stated limit is missed or the run is void."""

import fcntl
import os
import random
import statistics
import subprocess
import sys
import time

from report import ROOT, Result, Table, output

PASSES = int(os.environ.get("SIDECAR_MICRO_PASSES", "5"))
PROGRAM = os.path.join(ROOT, "artifacts", "bin", "Sidecar.Benchmarks", "release", "Sidecar.Benchmarks.dll")
NATIVE = os.path.join(ROOT, "artifacts", "bin", "sidecar-benchmarks")
LOGS = os.path.join(ROOT, "artifacts", "logs")
GROUPS = ("decisions", "routes", "headers", "access-line", "metrics", "traces", "writers", "scrape", "export", "connections")

# Everything compiled with full optimization at its first call, the framework too: as near as it gets to ahead of time.
COMPILED = {"DOTNET_TieredCompilation": "0", "DOTNET_ReadyToRun": "0"}

# The same group once more in every pass: what differs between the two is the machine, not the code.
TWIN = "decisions"
DECISION = "Decisions.BreakerAndBudget"
TWIN_TOLERANCE = 0.10


class Turn:
    """Measurements that name the same file in SIDECAR_BENCH_LOCK take turns, each of less than a minute."""

    LONG_ENOUGH = 30  # seconds; the longest group takes 25

    def __init__(self):
        path = os.environ.get("SIDECAR_BENCH_LOCK")
        self.file = open(path, "a", encoding="utf-8") if path else None
        self.since = None

    def __enter__(self):
        if self.file and self.since is None:
            fcntl.flock(self.file, fcntl.LOCK_EX)
            self.since = time.monotonic()

    def __exit__(self, *_):
        if self.file and time.monotonic() - self.since > self.LONG_ENOUGH:
            fcntl.flock(self.file, fcntl.LOCK_UN)
            self.since = None


TURN = Turn()


def run(build, group):
    """One group once: name → values."""
    command = [NATIVE, group] if build == "native" else ["dotnet", PROGRAM, group]
    log_name = f"micro-{build}-{group}.log"
    with TURN, open(os.path.join(LOGS, log_name), "w", encoding="utf-8") as log:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=log, text=True, timeout=180, check=False, env=os.environ | COMPILED)
    if done.returncode != 0:
        sys.exit(f"micro: {group} ended with {done.returncode}; artifacts/logs/{log_name} says why")
    figures = {}
    for line in done.stdout.splitlines():
        name, _, value = line.split("\t")
        figures.setdefault(name, []).append(float(value))
    return figures


class Measured:
    """Every figure of every pass of one build."""

    def __init__(self, build):
        self.build = build
        self.values = {}
        self.twin = {}

    def add(self, group, is_twin):
        for name, values in run(self.build, group).items():
            (self.twin if is_twin else self.values).setdefault(name, []).append(statistics.median(values))

    def middle(self, name):
        return statistics.median(self.values[name])

    def text(self, name, unit, per=1.0, digits=0):
        """A figure with its spread."""
        values = [value / per for value in self.values[name]]
        return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f}) {unit}"

    def aa(self):
        return statistics.median(self.twin[DECISION]) / self.middle(DECISION)


def one_pass(builds):
    order = [(seen, group, is_twin) for seen in builds for group, is_twin in [*((group, False) for group in GROUPS), (TWIN, True)]]
    random.shuffle(order)
    for seen, group, is_twin in order:
        seen.add(group, is_twin)


def limits(table, builds):
    """The limits of PRODUCT §7 and of issue 5's list, each to be met by every build. Returns how many are missed."""
    missed = 0

    def row(what, limit, text, is_met):
        nonlocal missed
        met = all(is_met(seen) for seen in builds)
        table.row(what, limit, "; ".join(f"{seen.build} {text(seen)}" for seen in builds), met)
        missed += not met

    def below(what, limit, names, bound, unit, per=1.0, digits=0):
        def worst(seen):
            return max(names, key=seen.middle)
        row(what, limit, lambda seen: seen.text(worst(seen), unit, per, digits), lambda seen: seen.middle(worst(seen)) <= bound)

    def allocates_nothing(what, name):
        row(what, "0 bytes", lambda seen: f"{seen.middle(name + '.allocated'):.0f}", lambda seen: seen.middle(name + ".allocated") == 0)

    row("one breaker + budget decision", "< 1 µs, no allocation",
        lambda seen: f"{seen.text(DECISION, 'ns')}, {seen.middle(DECISION + '.allocated'):.0f} bytes",
        lambda seen: seen.middle(DECISION) < 1000 and seen.middle(DECISION + ".allocated") == 0)

    def slower(seen):
        return min(("writers.spread", "writers.same"), key=seen.middle)
    row("metrics: requests recorded per second by 50 writers, the slower of own routes and one route", "≥ 50 000",
        lambda seen: seen.text(slower(seen), "million", 1e6, 2), lambda seen: seen.middle(slower(seen)) >= 50_000)
    below("metrics: one scrape of 50 routes, 800 label combinations", "≤ 10 ms", ["Metrics.Scrape.50"], 10e6, "ms", 1e6, 1)
    below("… what it adds to the p99 of recording while one scrape follows the other", "≤ 1 µs", ["scrape.p99.added"], 1000, "µs", 1e3, 2)
    below("export of 100 spans to a local sink, the slower protocol", "≤ 50 ms", ["export.http/protobuf.median", "export.grpc.median"], 50, "ms", digits=2)
    below("cleanup of 1 000 idle upstream connections, the kernel's part included", "≤ 10 ms", ["connections.cluster"], 10, "ms", digits=1)
    allocates_nothing("bytes allocated by the policy engine around a call that succeeds", "Decisions.PolicyEngine")
    allocates_nothing("bytes allocated by the metrics of one request", "Metrics.Record.50")
    allocates_nothing("bytes allocated by the spans of a request that is not sampled", "Traces.NotSampledRequest")
    return missed


def rest(builds):
    """Everything that was measured."""
    rows = []

    def row(what, name, unit="ns", per=1.0, digits=0):
        def error(seen):
            return f" ± {seen.middle(name + '.error') / per:.{digits}f}" if name + ".error" in seen.values else ""

        allocated = "; ".join(f"{seen.middle(name + '.allocated'):.0f}" for seen in builds if name + ".allocated" in seen.values) or "–"
        rows.append(f"| {what} | {' | '.join(seen.text(name, unit, per, digits) + error(seen) for seen in builds)} | {allocated} |")

    row("breaker + budget, all four steps: count, ask, settle, withdraw", DECISION)
    row("breaker + budget of a request without a retry: three of them", "Decisions.BreakerAndBudgetWithoutRetry")
    row("refusal by an open breaker", "Decisions.OpenBreaker")
    row("policy engine around a call that is answered at once", "Decisions.PolicyEngine")
    for routes in ("100", "1000"):
        for by in ("path", "host"):
            row(f"route lookup among {routes} routes told apart by {by}", f"RouteLookup.Lookup.{by}.{routes}")
    row("an empty request message, for comparison", "Headers.Message.3")
    for fields in ("3", "12"):
        row(f"request headers, {fields} fields and ours, the message included", f"Headers.Request.{fields}")
        row(f"response headers, {fields} fields", f"Headers.Response.{fields}")
    row(f"access-log line of {builds[0].middle('AccessLine.length'):.0f} bytes", "AccessLine.Write")
    row("metrics of one request, 800 label combinations", "Metrics.Record.50")
    row("… while they are exported over OTLP too", "ExportedMetrics.Record")
    row("… among 10 000 label combinations", "Metrics.Record.625")
    row(f"scrape of 50 routes, 800 label combinations, {builds[0].middle('Metrics.page.50') / 1e6:.1f} MB", "Metrics.Scrape.50", "ms", 1e6, 2)
    row(f"scrape of 10 000 label combinations, {builds[0].middle('Metrics.page.625') / 1e6:.1f} MB", "Metrics.Scrape.625", "ms", 1e6, 1)
    row("50 writers, each its own route", "writers.spread", "million/s", 1e6, 2)
    row("50 writers, one route", "writers.same", "million/s", 1e6, 2)
    for percentile in ("50", "99", "99.9"):
        row(f"one recording with its clock, p{percentile}, nobody scrapes", f"scrape.p{percentile}.quiet")
        row(f"… while one scrape follows the other, p{percentile}", f"scrape.p{percentile}.scraped")
    row("trace of 5 spans: a request, 4 attempts, 3 waits", "Traces.FiveSpans")
    row("the same calls of a request that is not sampled", "Traces.NotSampledRequest")
    for protocol in ("http/protobuf", "grpc"):
        row(f"export of 100 spans, {protocol}, median of 50", f"export.{protocol}.median", "ms", digits=2)
        row(f"export of 100 spans, {protocol}, slowest of 50", f"export.{protocol}.worst", "ms", digits=2)
    row("cleanup of 1 000 idle upstream connections", "connections.cluster", "ms", digits=1)
    row("closing 1 000 sockets, nothing of ours", "connections.kernel", "ms", digits=1)
    columns = " | ".join(f"{seen.build}: median (lowest–highest pass) ± error in a pass" for seen in builds)
    return "\n".join([f"| what | {columns} | bytes |", f"|---|{'---|' * len(builds)}---|", *rows])


def main():
    result = Result("micro")
    builds = [Measured("native"), Measured("JIT")] if os.access(NATIVE, os.X_OK) else [Measured("JIT")]
    for number in range(PASSES):
        print(f"==> pass {number + 1} of {PASSES}", flush=True)
        one_pass(builds)
    machine = result.machine()

    table = Table()
    missed = limits(table, builds)
    same = {seen.build: seen.aa() for seen in builds}
    void = "" if all(abs(ratio - 1) <= TWIN_TOLERANCE for ratio in same.values()) else (
        f"\n**An A/A pair is off by more than {100 * TWIN_TOLERANCE:.0f} %: the machine was too busy, and the times of this run are void.**\n")
    runtimes = [line.split()[1] for line in output("dotnet", "--list-runtimes").splitlines() if line.startswith("Microsoft.NETCore.App 10.")]
    native = (f"native: Native AOT for {output('cat', 'artifacts/native/published-sidecar-benchmarks').split(' ')[0]}, as the product is shipped, timed by twelve batches of 20 ms"
              if len(builds) > 1 else "**There is no native binary, so nothing is known of what is shipped; `loadtests/publish.sh benchmarks` makes one or says why not**")
    text = f"""# Micro-benchmarks, {result.title}

{machine}
Builds: {native}; JIT: BenchmarkDotNet 0.14.0 on .NET {runtimes[-1] if runtimes else "?"}, compiled at the first call with full optimization and no profile.
{PASSES} passes, every group a process of its own, in an order drawn anew; a figure is the median of the passes, with the lowest and the highest.
The group of the breaker ran twice in every pass (A/A): {", ".join(f"{build} {ratio:.2f}" for build, ratio in same.items())}, wanted 1.00 ± {TWIN_TOLERANCE:.2f}.
{void}
{table.text().replace("| first release |", "| limit |")}

One breaker + budget decision is going to < 100 ns: {", ".join(f"{seen.build} {seen.middle(DECISION):.0f} ns" for seen in builds)}.

{rest(builds)}

The error in a pass is half of a 99.9 % confidence interval, median over passes. Bytes are those that one operation allocates, {" and ".join(seen.build for seen in builds)}.
"""
    print(result.write(text))
    if void:
        print("micro: void, the A/A pair is off", file=sys.stderr)
    if missed:
        print(f"micro: {missed} limit{'s' if missed > 1 else ''} missed", file=sys.stderr)
    return 1 if missed or void else 0


if __name__ == "__main__":
    sys.exit(main())
