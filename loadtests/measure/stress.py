"""The rows of loss, duplicates, reload and restart: each is shown on the published binary, and printed as it is seen. Called by
loadtests/stress.sh, which checks the tools. The exit code is 1 when a row is not met, or could not be shown here."""

import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

import exceptions
import measures
import peers
import rolling
import scenario
from processes import LOAD_CPU, PROXY_CPU, WORK, family, first_200, free_port, pinned, start, stop, write
from report import Result, Table

WHOLE = {"requests": 1_000_000, "reloads": 1000}
SETTINGS = dict(WHOLE)


def say(text):
    print(f"      {text}", flush=True)


def start_proxy(routes, clusters, access_log=True):
    """The published binary with these routes and clusters. Returns the process, its ports of traffic and admin, and its file."""
    port, admin = free_port(), free_port()
    log = "{ successRatio: 1, linesPerSecond: 1000000 }" if access_log else "{ successRatio: 0 }"
    file = write(f"stress-{port}.yaml", f"""version: 1
listeners: {{ reverse: {{ address: "127.0.0.1:{port}" }}, admin: {{ address: "127.0.0.1:{admin}" }}, metrics: off }}
telemetry: {{ accessLog: {log} }}
clusters:
{clusters}
routes:
{routes}
""")
    process = start([peers.BINARY, "run", "--config", file], PROXY_CPU, {"SIDECAR_EVENT_LOOPS": "1"}, read_output=True)
    first_200(admin, "/readyz", host="127.0.0.1")
    return process, port, admin, file


def cluster(port, more="", name="up"):
    return f'  {name}: {{ destinations: {{ a: {{ address: "http://127.0.0.1:{port}" }} }}{more} }}'


def route(policy, path="/{**rest}", name="all", to="up"):
    return f'  {name}: {{ match: {{ path: "{path}" }}, cluster: {to}, policy: {policy} }}'


def suite(name, targets, **settings):
    """Runs a suite of loadtests/scenarios, its progress on the terminal. Returns a function that waits for its end, and whether its conditions held."""
    line = [measures.LOADGEN, "run", name, "--out", WORK]
    for target, address in targets.items():
        line += ["--target", f"{target}={address}"]
    for setting, value in settings.items():
        line += ["--set", f"{setting}={value}"]
    with open(os.path.join(WORK, f"{name}.out"), "w", encoding="utf-8") as out:
        return subprocess.Popen(pinned(LOAD_CPU, line), stdout=None if name == "duplicates" else out)


def report_of(name):
    with open(os.path.join(WORK, f"{name}.json"), encoding="utf-8") as report:
        return json.load(report)


def page(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return answer.read().decode()


def breaker_open(table):
    """A destination that refuses connections and a breaker that stays open, without a probe between: what a refused request costs."""
    dead = free_port()
    process, port, admin, _ = start_proxy(
        "\n".join([route("{ retry: off, circuitBreaker: { open: { base: 600s, max: 600s, jitter: 0 } } }"), route("{ retry: off }", "/without/{**rest}", "without")]), cluster(dead))
    address = f"http://127.0.0.1:{port}/orders/1"
    measures.loadgen("closed", {"it": address}, connections=1, during="300ms", status=503)
    if '"state": "open"' not in page(admin, "/breakers"):
        raise SystemExit("the breaker did not open")
    report = measures.loadgen("steady", {"it": address}, rate=2000, connections=16, slice="5s", rounds=1, status=503)
    before = measures.statistics_page(admin)
    measures.loadgen("closed", {"it": address}, connections=16, during="3s", status=503)
    after = measures.statistics_page(admin)
    size = (after["allocatedBytes"] - before["allocatedBytes"]) / (after["requests"] - before["requests"])

    what = "breaker open: exceptions per refused request"
    reason = exceptions.reason_not_possible(peers.BINARY)
    if reason:
        table.row(what, "0", f"not measured: {reason}", False)
    else:
        # First, that an exception is seen at all: a refused connection that no breaker spares throws some.
        counter = exceptions.Counter(process, peers.BINARY)
        for _ in range(10):
            subprocess.run(["curl", "-s", "-o", "/dev/null", f"http://127.0.0.1:{port}/without/1"], check=False)
        control = counter.count() / 10
        # Counted while the load goes on: a caller that closes its connection in the middle of an exchange, as the generator does at its end, is an exception too.
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            load = pool.submit(measures.loadgen, "closed", {"it": address}, connections=16, during="10s", status=503)
            time.sleep(2)
            counter = exceptions.Counter(process, peers.BINARY)
            requests = measures.statistics_page(admin)["requests"]
            time.sleep(4)
            requests = measures.statistics_page(admin)["requests"] - requests
            thrown = counter.count()
            is_under_load = not load.done()
            counts = load.result()["tables"]["requests"]["it"]
        if counts["failed"] or control == 0 or not is_under_load:
            raise SystemExit(f"{counts['failed']} answers were not 503; {control} exceptions per request with a failed connect; under load: {is_under_load}")
        table.row(what, "0", f"{thrown / requests:g} ({thrown} in {requests}; a connect that fails: {control:g} each, rethrows included)", thrown == 0)
    cells = report["tables"]["latency, µs"]["it"]
    table.row("… p50 / p99 of a refused request, open loop at 2 000 rps, whole round trip", "–",
              f"{cells['p50'] / 1e3:.3f} / {cells['p99'] / 1e3:.3f} ms{', void: ' + report['void'] if report['void'] else ''}", None)
    table.row("… bytes allocated per refused request", "–", f"{size:.0f}", None)
    stop(process)


def attempts(table):
    """An upstream that answers 503 to everything, counted by itself."""
    policy = "{ retry: { maxRetries: 3, retryOn: [gateway-error, reset, connect-failure], backoff: { base: 5ms, max: 20ms } } }"
    backend = free_port()
    config = peers.nginx(backend, "return 503;", more=peers.COUNT + " location = /ok { return 200; }")
    start(["nginx", "-p", WORK, "-c", write("failing.conf", config)], LOAD_CPU)
    first_200(backend, "/ok")

    for hops, factor in ((1, 1.2), (3, 1.5)):
        chain, port = [], backend
        for _ in range(hops):
            process, port, admin, _ = start_proxy(route(policy), cluster(port))
            chain.append(process)
        before, began = peers.counted(backend), time.monotonic()
        measures.loadgen("steady", {"it": f"http://127.0.0.1:{port}/orders/1"}, rate=500, connections=64, slice="20s", rounds=1, status=503)
        time.sleep(1)
        seconds, seen = time.monotonic() - began, peers.counted(backend) - before - 1
        requests = measures.statistics_page(admin)["requests"]
        most = factor * requests + (seconds if hops == 1 else hops * seconds)
        where = "one sidecar" if hops == 1 else "three hops"
        table.row(f"attempts when the upstream fails completely, {where}", "≤ 1.2 × requests + 1/s" if hops == 1 else "≤ 1.5 ×",
                  f"{seen / requests:.3f} × ({seen} attempts, {requests} requests, {seconds:.0f} s)", seen <= (most if hops == 1 else factor * requests))
        for process in chain:
            stop(process)


def outages(table):
    """The upstream goes away for a while, under a load that stays: it refuses connections, or it stands still."""
    retry = "timeouts: { request: 2s }, retry: { maxRetries: 2, retryOn: [connect-failure, stale-connection, reset, gateway-error] }"
    quick, usual = "a breaker that tries every 4 s at least", "the breaker's defaults"
    policies = {quick: f"{{ {retry}, circuitBreaker: {{ open: {{ base: 1s, max: 4s }} }} }}", usual: f"{{ {retry}, circuitBreaker: {{}} }}"}
    # An open breaker is closed by a probe, and its open time doubles: with the defaults an outage of 5 s is over within two of them, a
    # longer one is waited for as long as the breaker was told to. That is said, not asked for.
    for breaker, kind, length, is_target in ((usual, "refuses connections", 5, True), (quick, "refuses connections", 20, True), (quick, "stands still", 20, True),
                                             (usual, "refuses connections", 20, False)):
        backend = free_port()
        line = ["nginx", "-p", WORK, "-c", write("outage.conf", peers.nginx(backend, f'return 200 "{peers.BODY}";'))]
        server = start(line, LOAD_CPU)
        first_200(backend)
        process, port, _, _ = start_proxy(route(policies[breaker]), cluster(backend))
        after = 20 if is_target else 35
        run = suite("outage", {"sidecar": f"http://127.0.0.1:{port}/orders/1"}, rate=500, seconds=5 + length + after)
        time.sleep(5)
        say(f"the upstream {kind} for {length} s; {breaker}")
        if kind == "stands still":
            pids = family(server)
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            time.sleep(length)
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        else:
            stop(server)
            time.sleep(length)
            server = start(line, LOAD_CPU)
            first_200(backend)
        ended = time.time()
        run.wait(length + after + 60)
        report = report_of("outage-by-second")
        began = float(report["facts"]["began"])
        # By whole seconds of intended starts, counted from the end of the outage; the first and the last are not whole.
        seconds = [(began + int(second) - ended, cells["good"] / cells["started"]) for second, cells in report["tables"]["by second"].items() if cells["started"] > 100]
        worst = min(good for at, good in seconds if -length < at < 0)
        poor = [at + 1 for at, good in seconds if at > -length and good < 0.95]
        recovered = max(0.0, max(poor, default=0))
        table.row(f"goodput ≥ 95 % after an outage of {length} s ends while the load stays; the upstream {kind}; {breaker}", "10 s" if is_target else "–",
                  f"after {recovered:.1f} s (500 rps; least goodput in the outage {worst:.0%}, in the last 5 s {sum(good for _, good in seconds[-5:]) / 5:.1%})",
                  recovered <= 10 and worst < 0.5 if is_target else None)
        stop(process)
        stop(server)


def duplicates(table):
    """A million numbered POSTs to an upstream that resets every connection at a random byte."""
    tokens = "connect-failure, refused-stream, unsent, stale-connection, reset, gateway-error"
    policy = f"{{ timeouts: {{ request: 10s }}, retry: {{ maxRetries: 3, retryOn: [{tokens}], backoff: {{ base: 1ms, max: 5ms }} }} }}"
    for protocol, requests in (("http1", SETTINGS["requests"]), ("h2c", SETTINGS["requests"] // 10)):
        upstream, account = free_port(), free_port()
        side = "http" if protocol == "http1" else "h2c"
        hostile = start([measures.LOADGEN, "hostile", f"--{side}", str(upstream), "--account", str(account), "--requests", str(requests)], LOAD_CPU)
        first_200(account, "/account")
        process, port, _, _ = start_proxy(route(policy), cluster(upstream, ", retryBudget: { ratio: 1, minPerSecond: 10000 }"), access_log=False)
        began = time.monotonic()
        run = suite("duplicates", {"sidecar": f"http://127.0.0.1:{port}/orders"}, requests=requests, **({"h2c": 1} if protocol == "h2c" else {}))
        status = run.wait()
        seconds = time.monotonic() - began
        time.sleep(3)  # what the upstream still reads of what was cut
        seen = json.loads(page(account, "/account"))
        ended = report_of("duplicates")["tables"]["requests"]["sidecar"]
        mine, repeatable, resets = seen["nonRepeatable"], seen["repeatable"], seen["resets"]
        say(f"{seen['connections']} connections, resets: {', '.join(f'{count} {place}' for place, count in resets.items())}")
        say(f"non-repeatable: {mine}; repeatable: {repeatable}; answered {ended['succeeded']:.0f}, not {ended['failed']:.0f}")
        is_shown = status == 0 and repeatable["begunAgain"] > 0 and sum(resets.values()) > 0
        table.row(f"duplicated non-repeatable requests over {requests:,} with resets at random bytes, {protocol}".replace(",", " ", 1) if requests < 1_000_000 else
                  f"duplicated non-repeatable requests over a million with resets at random bytes, {protocol}", "0",
                  f"{mine['processedAgain']} (arrived twice even in part: {mine['begunAgain']}; {sum(resets.values())} resets, {ended['failed']:.0f} requests without their answer; "
                  f"with Idempotency-Key {repeatable['begunAgain']} arrived again, as the policy allows; {requests / seconds:.0f}/s)",
                  is_shown and mine["processedAgain"] == 0 and mine["begunAgain"] == 0)
        stop(process)
        stop(hostile)


def reloads(table):
    """The configuration changes again and again under requests, WebSockets and streams."""
    wanted, per_second = SETTINGS["reloads"], 10
    http, h2c = scenario.own_backend()
    policy = "{ timeouts: { request: 15s }, retry: { maxRetries: 2 }, circuitBreaker: {} }"
    process, port, admin, file = start_proxy(
        "\n".join([route(policy), route(policy, "/streams.Orders/{**rest}", "streams", "calls")]),
        "\n".join([cluster(http), cluster(h2c, ", protocol: http2", "calls")]))
    with open(file, encoding="utf-8") as config:
        text = config.read()
    more = text.replace("\nroutes:\n", '\nroutes:\n  one-more: { match: { path: "/one-more" }, cluster: up }\n')

    def accepted():
        return int(re.search(r'^sidecar_config_reloads_total\{[^}]*result="accepted"[^}]*\} (\d+)', page(admin, "/metrics") + "\nsidecar_config_reloads_total{result=\"accepted\"} 0\n", re.M).group(1))

    seconds = int(wanted / per_second * 1.3) + 10
    run = suite("reload-under-load", {"sidecar": f"http://127.0.0.1:{port}/orders/1", "websocket": f"http://127.0.0.1:{port}/chat", "grpc": f"http://127.0.0.1:{port}/streams.Orders/Talk"},
                rate=300, seconds=seconds)
    began, first, done = time.monotonic(), accepted(), 0
    time.sleep(2)
    while done < wanted and run.poll() is None:
        due = began + 2 + done / per_second
        time.sleep(max(0, due - time.monotonic()))
        write(os.path.basename(file) + ".new", more if done % 2 == 0 else text)
        os.replace(file + ".new", file)
        process.send_signal(signal.SIGHUP)
        while accepted() - first <= done and run.poll() is None:
            time.sleep(0.005)
        done = accepted() - first
        if done % 100 == 0:
            say(f"{done} of {wanted} reloads")
    is_under_load = run.poll() is None
    status = run.wait(seconds + 60)
    rows = report_of("reload-under-load")["tables"]["scenarios"]
    failed = sum(cells["failed"] for cells in rows.values())
    opened = all(check["met"] for check in report_of("reload-under-load")["checks"] if "Openings" in check["what"])
    table.row(f"failed requests over {wanted:,} reloads with 100 WebSockets and 100 gRPC streams open".replace(",", " "), "0",
              f"{failed:.0f} ({rows['requests']['ok']:.0f} requests, {rows['websocket']['ok']:.0f} WebSocket and {rows['grpc']['ok']:.0f} gRPC messages over {done} reloads; "
              f"{'every WebSocket and stream stayed open' if opened else 'NOT every WebSocket and stream stayed open'})",
              status == 0 and failed == 0 and done >= wanted and is_under_load and opened)
    stop(process)


def overload(table):
    """Three times what the upstream can do, then half of it."""
    targets, settings = scenario.overload()
    capacity = settings["capacity"]
    run = suite("overload", targets, capacity=capacity)
    status = run.wait(120)
    during, after = (next(iter(report_of(name)["tables"]["scenarios"].values())) for name in ("overload", "overload-after"))
    share = after["ok"] / max(1, after["ok"] + after["failed"])
    table.row("overload, 3 × the upstream's capacity: what is carried, against the capacity; and half of it, 10 s afterwards", "≥ 90 %; ≥ 95 %",
              f"{during['ok per second'] / capacity:.0%} ({during['ok per second']:.0f} of {capacity}/s); {share:.1%}", status == 0)


ROWS = {
    "breaker": breaker_open, "attempts": attempts, "outages": outages, "duplicates": duplicates, "reloads": reloads,
    "rolling": rolling.restarts, "overload": overload,
}


def main():
    wanted = []
    for argument in sys.argv[1:]:
        name, equals, value = argument.partition("=")
        if equals and name in SETTINGS and value.isdigit():
            SETTINGS[name] = int(value)
        elif not equals and name in ROWS:
            wanted.append(name)
        else:
            raise SystemExit(f"which row? {', '.join(ROWS)}; and {', '.join(f'{setting}=N' for setting in SETTINGS)}")
    result, table = Result("stress", sources=("src", "loadtests/Sidecar.LoadGen", "loadtests/scenarios", "loadtests/measure")), Table()
    for name in wanted or ROWS:
        print(f"  {name}", flush=True)
        ROWS[name](table)
    machine = result.machine()
    unmet = [row for row in table.rows if "not met" in row]
    if wanted or SETTINGS != WHOLE:
        print(f"{len(unmet)} not met; nothing is written of a part")
        sys.exit(1 if unmet else 0)

    written = result.write(f"""# {result.title}: loss, duplicates, reload, restart

{machine}
Ours: {peers.version()}.
Command: `make stress`. Generator and upstream on one CPU, the proxies on the other.

{table.text()}

The soak row is `make soak MINUTES=60`; a rolling restart in a real cluster is a part of `make test-cluster`.
""")
    print(f"{written}; {len(unmet)} not met")
    sys.exit(1 if unmet else 0)


if __name__ == "__main__":
    main()
