"""What a request costs with less and less around it, beside the proxy and HAProxy in one run. Called by loadtests/floor.sh."""

import contextlib
import fcntl
import os
import shutil
import statistics
import sys
import time

import cpu_profile
import main as bench
import measures
import peers
from processes import WORK
from report import Result

ROUNDS = int(os.environ.get("SIDECAR_BENCH_ROUNDS", "20"))
SIDECAR = ("sidecar, full", "sidecar, bare")
MODES = ("yarp", "yarp-raw", "raw-upstream", "kestrel", "raw-both", "relay")
WHAT = {
    "sidecar, full": "the proxy, everything on; against HAProxy with httplog",
    "sidecar, bare": "the proxy, a route without policies",
    "yarp": "Kestrel, Yarp's forwarder, SocketsHttpHandler; nothing else",
    "yarp-raw": "the same with a client over raw sockets in SocketsHttpHandler's place",
    "raw-upstream": "Kestrel, and a client over raw sockets",
    "kestrel": "Kestrel answers by itself: the server half alone",
    "raw-both": "HTTP/1.1 parsed, checked and rewritten over raw sockets on both sides",
    "relay": "bytes copied unread between two sockets",
    "HAProxy, twin": "A/A",
    "HAProxy": "one thread",
}


def idle_share(seconds=0.3):
    """How much of all CPUs nobody wanted, just now."""
    def ticks():
        with open("/proc/stat", encoding="ascii") as stat:
            values = [int(value) for value in stat.readline().split()[1:]]
        return values[3], sum(values)

    before = ticks()
    time.sleep(seconds)
    after = ticks()
    return (after[0] - before[0]) / max(1, after[1] - before[1])


@contextlib.contextmanager
def alone():
    """Waits, five seconds at most, until the machine is quiet; then for SIDECAR_BENCH_LOCK, a file, so that the rounds of
    several runs on one machine do not overlap."""
    patience = time.monotonic() + 5
    while idle_share() < 0.8 and time.monotonic() < patience:
        pass
    path = os.environ.get("SIDECAR_BENCH_LOCK")
    if not path:
        yield
        return
    with open(path, "a", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def start_all():
    """name → (process, traffic port, what its bytes are asked of)."""
    backend = peers.backend()
    log_port, otlp_port = peers.start_sinks()
    targets = {
        "sidecar, full": peers.start_sidecar(backend, full=True, otlp_port=otlp_port),
        "sidecar, bare": peers.start_sidecar(backend, full=False),
    }
    targets |= {mode: peers.start_floor(mode, backend) for mode in MODES}
    targets |= {name: (*peers.start_haproxy(backend, log), None) for name, log in (("HAProxy", None), ("HAProxy, twin", None), ("HAProxy, httplog", log_port))}
    return targets


def against(name):
    """The peer of a target."""
    return "HAProxy, httplog" if name == "sidecar, full" else "HAProxy"


def measured(targets):
    """The three tables, as rows."""
    counted = [name for name in WHAT if name != "HAProxy, twin"]
    allocated, calls, untraced = {}, {}, {}
    for name in counted:
        process, port, source = targets[name]
        # What is counted does not depend on time: no need to wait.
        if name in SIDECAR:
            allocated[name] = measures.allocated_per_request(port, source)
        elif source is not None:
            allocated[name] = measures.bytes_of_floor(port, source)
        calls[name] = measures.syscalls_by_name(process, port)
        untraced[name] = measures.syscalls_untraced(process, port)
        print(f"    {name}: counted", flush=True)
    loaded = {name: target[:2] for name, target in targets.items()}
    print(f"    {ROUNDS} rounds as fast as it goes, then at a steady rate", flush=True)
    busy = measures.cpu_per_request(loaded, ROUNDS, alone=alone, warm=1)
    calm = measures.cpu_per_request(loaded, max(8, ROUNDS // 2), load=measures.steady, alone=alone, warm=1)
    return allocated, calls, untraced, busy, calm


def ratio(values, name):
    middle, low, high = measures.median_interval(measures.ratio(values[name], values[against(name)]))
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


def floor():
    """Measures and writes loadtests/results/floor-….md."""
    result = Result("floor")
    allocated, calls, untraced, busy, calm = measured(start_all())
    lines = ["| | what | CPU over HAProxy's, as fast as it goes | µs | CPU over HAProxy's at 2 000 rps | µs | bytes |", "|---|---|---|---|---|---|---|"]
    for name, what in WHAT.items():
        lines.append(f"| {name} | {what} | {ratio(busy, name)} | {statistics.median(busy[name]):.1f} | {ratio(calm, name)} | {statistics.median(calm[name]):.0f} "
                     f"| {format(allocated[name], '.0f') if name in allocated else '–'} |")
    table = ["| | untraced: all | recvfrom | sendto | epoll_wait | under strace: all | recvfrom (failed) | sendto | epoll_wait | futex, sched_yield |", "|---|---|---|---|---|---|---|---|---|---|"]
    for name, seen in calls.items():
        free = untraced[name]
        cells = [f"{free[key]:.2f}" for key in ("all", "recvfrom", "sendto", "epoll_wait")] if free else ["–"] * 4
        get = lambda key: seen.get(key, (0.0, 0.0))  # noqa: E731
        table.append(f"| {name} | {' | '.join(cells)} | {sum(count for count, _ in seen.values()):.2f} | {get('recvfrom')[0]:.2f} ({get('recvfrom')[1]:.2f}) "
                     f"| {get('sendto')[0]:.2f} | {get('epoll_wait')[0]:.2f} | {get('futex')[0] + get('sched_yield')[0]:.2f} |")

    def difference(values, more, less):
        middle, low, high = measures.median_interval(measures.difference(values[more], values[less]))
        return f"{middle:.1f} ({low:.1f}–{high:.1f})"

    halves = ["| | as fast as it goes, µs | at 2 000 rps, µs |", "|---|---|---|"]
    for what, more, less in (
            ("what the product puts around the packages: bare − yarp", "sidecar, bare", "yarp"),
            ("upstream half of the packages: yarp − kestrel", "yarp", "kestrel"),
            ("upstream half over raw sockets: raw-upstream − kestrel", "raw-upstream", "kestrel"),
            ("what such a transport gains at today's seam: yarp − yarp-raw", "yarp", "yarp-raw"),
            ("what it gains without Yarp and the message objects: yarp − raw-upstream", "yarp", "raw-upstream"),
            ("what a server half of our own would gain on top: raw-upstream − raw-both", "raw-upstream", "raw-both"),
            ("HTTP in C# over raw sockets against HAProxy: raw-both − HAProxy", "raw-both", "HAProxy")):
        halves.append(f"| {what} | {difference(busy, more, less)} | {difference(calm, more, less)} |")
    same = measures.median_interval(measures.ratio(busy["HAProxy, twin"], busy["HAProxy"]))[0]
    void = "" if abs(same - 1) <= 0.05 else "\n**The A/A pair is off by more than 5 %: the machine was too busy, and the CPU ratios of this run are void.**\n"
    write("Floor", result, f"""Client, backend (nginx, 100 bytes) and sinks on one CPU, the measured program alone on the other; 16 keep-alive connections; {ROUNDS} rounds of 1 s slices as fast as it goes (closed loop), {max(8, ROUNDS // 2)} at 2 000 rps (open loop).
{void}
{chr(10).join(lines)}

Per request. Ratios are taken inside a round; medians with 95 % bootstrap intervals. "As fast as it goes" favours whoever is fast: it keeps the client's CPU awake, and its own sends need not wake anybody; at an equal rate everybody pays for that.

## Halves

{chr(10).join(halves)}

## System calls per request

{chr(10).join(table)}

Untraced: the kernel's own counters (`perf stat`), at full speed. Under strace a program is several times slower: answers arrive before it asks, and what it does once a second weighs more on each request.
""")


def profiles():
    """Samples and writes loadtests/results/profile-….md."""
    result = Result("profile")
    beside_symbols()
    targets = start_all()
    taken = []
    for name in ("sidecar, bare", "sidecar, full", "yarp", "raw-upstream", "raw-both", "HAProxy"):
        with alone():
            taken.append(cpu_profile.take(name, *targets[name][:2], native=name != "HAProxy"))
        print(f"    {name}: sampled", flush=True)
    write("Profile", result, cpu_profile.text(taken))


def beside_symbols():
    """perf finds the symbols of a stripped binary beside it: runs copies that have them there."""
    for variable in ("SIDECAR_BENCH_PROXY", "SIDECAR_BENCH_FLOOR"):
        binary = os.environ[variable]
        folder = os.path.join(WORK, os.path.basename(binary) + "-with-symbols")
        os.mkdir(folder)
        shutil.copy(binary, folder)
        for place in (os.path.dirname(binary), os.path.join(os.path.dirname(binary), "..", "symbols")):
            symbols = os.path.join(place, os.path.basename(binary) + ".dbg")
            if os.path.exists(symbols):
                shutil.copy(symbols, folder)
                break
        else:
            raise SystemExit(f"no symbols for {binary}")
        os.environ[variable] = os.path.join(folder, os.path.basename(binary))
    peers.BINARY = os.environ["SIDECAR_BENCH_PROXY"]


def write(kind, result, body):
    print(result.write(f"""# {kind}, {result.title}

{result.machine()}
Peers: {bench.versions()}. Ours: {peers.version()}.
{body}"""))


if __name__ == "__main__":
    profiles() if sys.argv[1:] == ["profile"] else floor()
    sys.exit(0)
