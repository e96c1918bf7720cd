"""Our generator against wrk, h2load and a known stall. Called by loadtests/validate.sh."""

import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time

import measures
import peers
from processes import LOAD_CPU, PROXY_CPU, WORK, family, first_200, free_port, pinned, start, write

failed = []


def check(what, is_met, detail):
    print(f"    {what}: {detail}: {'as wanted' if is_met else 'NOT AS WANTED'}", flush=True)
    if not is_met:
        failed.append(what)


def nginx():
    """The server has a CPU of its own here: what is compared are generators."""
    port, h2c = free_port(), free_port()
    config = peers.nginx(port, 'return 200 "hello";', more=peers.COUNT).replace("server {", f"server {{ listen 127.0.0.1:{h2c} http2; location / {{ return 200 hello; }} }}\n  server {{", 1)
    process = start(["nginx", "-p", os.path.dirname(write("empty", "")), "-c", write("validate.conf", config)], PROXY_CPU)
    first_200(port)
    return process, port, h2c


def wrk(port, connections, seconds):
    output = subprocess.run(
        pinned(LOAD_CPU, ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{port}/"]),
        capture_output=True, text=True, check=True).stdout
    unit = {"us": 1, "ms": 1e3, "s": 1e6}
    middle = re.search(r"50%\s+([\d.]+)(us|ms|s)", output)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1)), float(middle.group(1)) * unit[middle.group(2)]


def ours(port, connections, seconds, **options):
    counts = measures.loadgen("closed", {"it": f"http://127.0.0.1:{port}/"}, connections=connections, during=f"{seconds}s", **options)["tables"]["requests"]["it"]
    if counts["failed"]:
        raise SystemExit(f"{counts['failed']} requests failed")
    return counts["per second"], counts["service p50 µs"]


def stalled(server, command, port, **options):
    """Runs our generator for three seconds and stops the server for 100 ms in the middle of it."""
    path = os.path.join(WORK, "stall.json")
    line = pinned(LOAD_CPU, [measures.LOADGEN, command, "--json", path, "--target", f"it=http://127.0.0.1:{port}/"])
    for name, value in options.items():
        line += [f"--{name}", str(value)]
    run = subprocess.Popen(line, stdout=subprocess.DEVNULL)
    time.sleep(2.5)
    worker = family(server)[-1]
    os.kill(worker, signal.SIGSTOP)
    time.sleep(0.1)
    os.kill(worker, signal.SIGCONT)
    run.wait(30)
    with open(path, encoding="utf-8") as report:
        return json.load(report)["tables"]


server, port, h2c = nginx()
pairs = [(wrk(port, 16, 2), ours(port, 16, 2)) for _ in range(5)]
ratio = statistics.median(mine[0] / theirs[0] for theirs, mine in pairs)
check("closed loop, 16 connections: our rate over wrk's", ratio >= 0.85,
      f"{ratio:.2f} ({', '.join(f'{theirs[0]:.0f}/{mine[0]:.0f}' for theirs, mine in pairs)})")

before = peers.counted(port)
report = measures.loadgen("closed", {"it": f"http://127.0.0.1:{port}/"}, connections=16, during="2s")["tables"]["requests"]["it"]
seen = peers.counted(port) - before - 1
check("as many answers as nginx has seen requests, but for those under way at the end", 0 <= seen - report["succeeded"] <= 16,
      f"nginx {seen}, ours {report['succeeded']:.0f}")

pairs = [(wrk(port, 1, 2)[1], ours(port, 1, 2)[1]) for _ in range(5)]
theirs, mine = (statistics.median(values) for values in zip(*pairs))
check("one connection: median latency", abs(mine - theirs) <= max(10, 0.2 * theirs), f"wrk {theirs:.1f} µs, ours {mine:.1f} µs")

h2load = subprocess.run(pinned(LOAD_CPU, ["h2load", "-c1", "-m16", "-D2", f"http://127.0.0.1:{h2c}/"]), capture_output=True, text=True, check=True).stdout
rate = float(re.search(r"finished in [\d.]+s, ([\d.]+) req/s", h2load).group(1))
check("h2c: all succeed", True, f"h2load {rate:.0f}/s, ours {ours(h2c, 16, 2, protocol='h2c')[0]:.0f}/s")

# 1 s of warm-up, then 3 s at 1 000 per second: the stall of 100 ms is 3.3 % of the requests.
tables = stalled(server, "steady", port, rate=1000, connections=16, slice="3s", rounds=1)
row, counts = tables["latency, µs"]["it"], tables["requests"]["it"]
check("open loop, 100 ms of stall: the longest wait", 80e3 <= row["max"] <= 200e3, f"{row['max'] / 1e3:.0f} ms")
check("open loop, 100 ms of stall: p99 shows it, nothing failed", row["p99"] >= 50e3 and counts["failed"] == 0, f"p99 {row['p99'] / 1e3:.1f} ms, p50 {row['p50'] / 1e3:.2f} ms")
tables = stalled(server, "closed", port, connections=1, during="4s")
check("closed loop, the same stall: p99 does not show it", tables["requests"]["it"]["service p99 µs"] < 50e3, f"p99 {tables['requests']['it']['service p99 µs'] / 1e3:.2f} ms")
sys.exit(1 if failed else 0)
