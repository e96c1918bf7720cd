"""Starts, pins, watches and ends the programs of a run: nothing outlives it, nothing leaves loopback."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

CPUS = sorted(os.sched_getaffinity(0))
# P1: load generator, backend and sinks share one CPU, the proxy has the other to itself. With taskset before
# exec the proxy sees one processor. One CPU: no pins.
LOAD_CPU, PROXY_CPU = (CPUS[0], CPUS[1]) if len(CPUS) > 1 else (None, None)

WORK = tempfile.mkdtemp(prefix="sidecar-bench-")
_running = {}  # process → is it measured?


def pinned(cpu, command):
    return ["taskset", "-c", str(cpu), *command] if cpu is not None else list(command)


_given = set()


def free_port():
    """A port that nobody listens on, and that was not given out before: whoever got it may not have bound it yet."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


def write(name, text):
    path = os.path.join(WORK, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def start(command, cpu, env=None, read_output=False, output=None, beside=False):
    """Starts a program. read_output: its stdout is a pipe that somebody reads, as a container runtime does; output: a file for it.
    beside: it takes what measured programs send, and is not measured."""
    with open(os.path.join(WORK, "stderr.log"), "ab") as errors:
        process = subprocess.Popen(
            pinned(cpu, command), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if read_output else output or subprocess.DEVNULL, stderr=errors,
            env={**os.environ, **(env or {})}, start_new_session=True)
    _running[process] = not beside
    if read_output:
        reader = subprocess.Popen(pinned(LOAD_CPU, ["cat"]), stdin=process.stdout, stdout=subprocess.DEVNULL, start_new_session=True)
        _running[reader] = False
        process.stdout.close()
    return process


def stop(process, grace=3):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    _running.pop(process, None)


@atexit.register
def stop_all():
    for process in list(_running):
        stop(process, grace=1)
    shutil.rmtree(WORK, ignore_errors=True)


# timeout(1) sends SIGTERM: leave through atexit.
signal.signal(signal.SIGTERM, lambda *_: exit(143))


def first_200(port, path="/", limit=10.0, host="bench"):
    """Polls every millisecond with a new connection; the monotonic time of the first 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    end = time.monotonic() + limit
    while time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(request)
                if connection.recv(64).split(b" ")[1:2] == [b"200"]:
                    return time.monotonic()
        except OSError:
            pass
        time.sleep(0.001)
    with open(os.path.join(WORK, "stderr.log"), encoding="utf-8", errors="replace") as log:
        raise SystemExit(f"nothing answered 200 on port {port} within {limit} s\n{log.read()[-2000:]}")


def accepts(port, limit=10.0):
    """Polls until somebody listens: for a port that does not speak HTTP/1.1."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.001)
    raise SystemExit(f"nobody listens on port {port} within {limit} s")


def family(process):
    """The process and its children: nginx has a master and a worker."""
    pids = [process.pid]
    with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as children:
        pids += [int(pid) for pid in children.read().split()]
    return pids


def measured():
    """What runs now and answers requests, or carries them."""
    return [process for process, is_measured in _running.items() if is_measured and process.poll() is None]


def tasks(process):
    """The threads of a process and its children."""
    return [int(task) for pid in family(process) for task in os.listdir(f"/proc/{pid}/task")]


def cpu_seconds(process):
    """CPU time so far, exact: the CPU clock of a process keeps the time of threads that have ended."""
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in family(process))


def memory(process):
    """Resident bytes of a process and its children."""
    total = 0
    for pid in family(process):
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
            total += sum(int(line.split()[1]) for line in rollup if line.startswith("Rss:")) * 1024
    return total
