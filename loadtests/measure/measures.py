"""The measures, one function each; every function returns plain numbers."""

import contextlib
import json
import os
import random
import re
import socket
import statistics
import subprocess
import time
import urllib.request

from processes import LOAD_CPU, WORK, cpu_seconds, first_200, memory, pinned, stop, write
from undisturbed import first
import peers

LOADGEN = os.environ["SIDECAR_BENCH_LOADGEN"]

# Each slice of an open loop has this much of the same load before it: what had nothing to do while the others had their slices begins
# with cold caches, which a steady rate does not have. The cold path has a row of its own.
LEAD = "250ms"

# Of an open loop that is not to be disturbed: leaves out what was to start while the host slowed both CPUs down, and for so long after,
# while what had queued is worked off. Told by arithmetic, not by anybody's latency. src/decisions/0017 has the figures.
SETTLE = "100ms"
SLOW_TOO = ", the machine's slow stretches too"

# What every open loop has in common that is not to be disturbed.
UNDISTURBED = {"connections": 16, "slice": "1s", "lead": LEAD, "settle": SETTLE}


def wrk_line(port, during, connections, path="/orders/1"):
    return pinned(LOAD_CPU, ["wrk", "-t1", f"-c{connections}", f"-d{during}", f"http://127.0.0.1:{port}{path}"])


def wrk(port, seconds, connections, path="/orders/1"):
    """One closed-loop slice. Returns the completed requests; an error or a status that is not 2xx/3xx ends the run."""
    return completed(subprocess.run(wrk_line(port, f"{seconds}s", connections, path), capture_output=True, text=True, check=True).stdout)


def completed(output):
    """The requests that wrk says were answered."""
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)", output)
    if bad:
        raise SystemExit(f"a measured request failed, so the run is void: {bad.group(0)}")
    done = re.search(r"(\d+) requests in", output)
    if not done:
        raise SystemExit(f"wrk counted no requests; it printed: {output.strip() or 'nothing'}")
    return int(done.group(1))


def h2load(port, seconds, connections):
    """One closed-loop slice of unary calls, 4 streams on each connection. Returns the completed calls."""
    message = write("message.grpc", "\0\0\0\0\x64" + "x" * 100)
    output = subprocess.run(
        pinned(LOAD_CPU, ["h2load", "-t1", f"-c{connections}", "-m4", f"-D{seconds}", "-d", message, "-H", "content-type: application/grpc",
                          "-H", "te: trailers", f"http://127.0.0.1:{port}/orders.Orders/Get"]),
        capture_output=True, text=True, check=True).stdout
    # What is in flight at the end of the time is neither done nor failed.
    total = re.search(r"requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed", output)
    bad = re.search(r"status codes: \d+ 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", output)
    if not total or total.group(3) != "0" or not bad or any(int(count) for count in bad.groups()) or total.group(2) == "0":
        raise SystemExit(f"a measured call failed, so the run is void:\n{output[-600:]}")
    return int(total.group(2))


def loadgen(command, targets, prefix=(), **options):
    """Runs our generator on the load CPU; targets: name → address. Returns its report as read from JSON.
    An option that is a path to write to is passed as it is. prefix: what it is run by, as in a namespace."""
    path = os.path.join(WORK, "loadgen.json")
    line = [*prefix, LOADGEN, command, "--json", path]
    for name, address in targets.items():
        line += ["--target", f"{name}={address}"]
    for name, value in options.items():
        line += [f"--{name}", str(value)]
    ended = subprocess.run(first(pinned(LOAD_CPU, line)), capture_output=True, text=True, check=False)
    if ended.returncode not in (0, 1, 2) or (ended.returncode == 2 and "no result" in ended.stderr):
        raise SystemExit(f"sidecar-loadgen {command} ended with {ended.returncode}: {ended.stderr.strip()}")
    with open(path, encoding="utf-8") as report:
        return json.load(report)


def pace_of(report):
    """What a run with SETTLE says of the machine and of what it left out, in a sentence."""
    left = ", ".join(f"{name} {cells['share, %']:.0f} %" for name, cells in report["tables"]["left out"].items())
    return f"the machine {report['facts']['the machine']}; left out ({report['facts']['left out']}): {left}."


def closed_r(port, seconds, connections):
    """One closed-loop slice of profile R: twelve request headers, every tenth request a POST of 1 KB."""
    report = loadgen("closed", {"it": f"http://127.0.0.1:{port}/r/orders/1"}, profile="R", connections=connections, during=f"{seconds}s")
    counts = report["tables"]["requests"]["it"]
    if counts["failed"]:
        raise SystemExit(f"a measured request failed, so the run is void: {report['tables']['failures']}")
    return int(counts["succeeded"])


def steady(port, seconds, connections, path="/orders/1"):
    """One slice at 2 000 requests a second, open loop. Returns the completed requests."""
    counts = loadgen("steady", {"it": f"http://127.0.0.1:{port}{path}"}, rate=2000, connections=connections, slice=f"{seconds}s", rounds=1)["tables"]["requests"]["it"]
    if counts["failed"]:
        raise SystemExit("a measured request failed, so the run is void")
    return int(counts["succeeded"])


def cpu_per_request(targets, rounds, load=wrk, connections=16, alone=contextlib.nullcontext, warm=2):
    """targets: name → (process, port) or (process, port, path). Every round runs one slice of each in random order,
    inside alone(), which may wait for a quiet machine. Returns name → list of CPU microseconds per request, one per round."""
    order, source = list(targets), random.Random()
    result = {name: [] for name in targets}
    with alone():
        warm_up(targets, connections, load, warm)
    for _ in range(rounds):
        source.shuffle(order)
        with alone():
            for name in order:
                process, port, *path = targets[name]
                before = cpu_seconds(process)
                requests = load(port, 1, connections, *path)
                result[name].append((cpu_seconds(process) - before) / requests * 1e6)
    return result


def warm_up(targets, connections, load, seconds):
    """Caches, pools, connections."""
    for _, port, *path in targets.values():
        load(port, seconds, connections, *path)


def start_times(backend_port, runs):
    """Milliseconds from fork to the first proxied 200 with 100 routes, ours and HAProxy in turn."""
    ours, haproxy = [], []
    for _ in range(runs):
        for times, start in ((ours, lambda: peers.start_sidecar(backend_port, full=True, routes=100, wait=False)),
                             (haproxy, lambda: peers.start_haproxy(backend_port, routes=100, wait=False))):
            before = time.monotonic()
            process, port, *_ = start()
            times.append((first_200(port, "/r99/orders") - before) * 1e3)
            stop(process)
    return ours, haproxy


def resident(process, port):
    """Resident bytes idle, and with 64 busy connections (the most of the samples). Leaves the process with 1 000 connections behind it
    that each made one request: after_quiet."""
    time.sleep(3)
    idle = memory(process)
    load = subprocess.Popen(pinned(LOAD_CPU, ["wrk", "-t1", "-c64", "-d5s", f"http://127.0.0.1:{port}/"]), stdout=subprocess.DEVNULL)
    samples = []
    while load.poll() is None:
        samples.append(memory(process))
        time.sleep(0.2)

    request = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"
    connections = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(1000)]
    for connection in connections:
        connection.sendall(request)
    for connection in connections:
        connection.recv(4096)
    for connection in connections:
        connection.close()
    return idle, max(samples), time.monotonic()


def after_quiet(process, since):
    """Resident bytes when nobody has asked the process anything for 60 s."""
    time.sleep(max(0, since + 60 - time.monotonic()))
    return memory(process)


def statistics_page(admin_port):
    """GET /stats of the admin listener: what the process counted itself."""
    with urllib.request.urlopen(f"http://127.0.0.1:{admin_port}/stats", timeout=5) as answer:
        return json.load(answer)


def allocated_per_request(port, admin_port, path="/orders/1"):
    """Bytes that the process says it allocated, over the requests that it says it carried."""
    wrk(port, 2, 16, path)
    before = statistics_page(admin_port)
    wrk(port, 4, 16, path)
    after = statistics_page(admin_port)
    return (after["allocatedBytes"] - before["allocatedBytes"]) / (after["requests"] - before["requests"])


def bytes_of_floor(port, counters):
    """Bytes that a floor program says it allocated, over the requests of the generator."""
    def allocated():
        with socket.create_connection(("127.0.0.1", counters), timeout=5) as connection:
            return int(connection.recv(64))

    wrk(port, 1, 16)
    before = allocated()
    requests = wrk(port, 2, 16)
    return (allocated() - before) / requests


def syscalls_per_request(process, port):
    """System calls of all threads while 16 connections are busy. Tracing slows the proxy down, so that more requests
    wait for each wake-up: the count of epoll_wait is a little kinder than in life."""
    return sum(calls for calls, _ in syscalls_by_name(process, port).values())


def syscalls_by_name(process, port):
    """The same by name: (calls, failed calls) per request."""
    path = os.path.join(WORK, "strace")
    tracer = subprocess.Popen(["strace", "-c", "-f", "-qq", "-o", path, "-p", str(process.pid)], stderr=subprocess.DEVNULL)
    time.sleep(1)
    requests = wrk(port, 4, 16)
    tracer.send_signal(2)
    tracer.wait(10)
    with open(path, encoding="ascii", errors="replace") as table:
        rows = [line.split() for line in table if re.match(r"\s*\d", line) and not line.rstrip().endswith("total")]
    return {row[-1]: (int(row[3]) / requests, int(row[4]) / requests if len(row) == 6 else 0.0) for row in rows}


def syscalls_untraced(process, port):
    """System calls per request as the kernel's own counters see them: the process runs at full speed. Returns name → calls,
    with "all"; None where the kernel does not let us."""
    names = ("recvfrom", "sendto", "epoll_wait")
    events = ",".join(["raw_syscalls:sys_enter", *(f"syscalls:sys_enter_{name}" for name in names)])
    path = os.path.join(WORK, "perf-stat")
    counter = subprocess.Popen(["perf", "stat", "-x", ",", "-o", path, "-e", events, "-p", str(process.pid)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    requests = wrk(port, 2, 16)
    counter.send_signal(2)
    if counter.wait(10) not in (0, -2, 130):
        return None
    with open(path, encoding="ascii", errors="replace") as table:
        counts = [line.split(",")[0] for line in table if "sys_enter" in line]
    if len(counts) != 1 + len(names) or not all(count.isdigit() for count in counts):
        return None
    return dict(zip(("all", *names), (int(count) / requests for count in counts)))


def ratio(ours, reference):
    """The ratio inside each round, so that a slow second weighs on both."""
    return [a / b for a, b in zip(ours, reference)]


def difference(more, less):
    """The price inside each round."""
    return [a - b for a, b in zip(more, less)]


def median_interval(values, resamples=2000):
    """Median and its 95 % bootstrap interval; seeded: one set of rounds gives one answer."""
    source = random.Random(1)
    medians = sorted(statistics.median(source.choices(values, k=len(values))) for _ in range(resamples))
    return statistics.median(values), medians[int(resamples * 0.025)], medians[int(resamples * 0.975) - 1]
