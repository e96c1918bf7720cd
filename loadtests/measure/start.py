"""Where the milliseconds of a start go. Called by loadtests/start.sh, which checks the tools."""

import os
import re
import shutil
import signal
import statistics
import subprocess
import sys

import peers
from processes import WORK, family, first_200, write

FREQUENCY = 10_000  # samples a second of CPU time

# What was running: the first line of which a frame of the stack tells. What can stand inside another is above it.
PHASES = [
    ("garbage collections", r"gc_heap::garbage_collect"),
    ("runtime: data of the binary is unpacked", r"RehydrateData"),
    ("runtime: the rest until Main", r"InitializeModules|InitializeRuntime|InitializeCommandLineArgs|RhInitialize"),
    ("loading OpenSSL", r"OpenSsl|CryptoInitializer|libcrypto|libssl"),
    ("dynamic linker", r" _dl_| dl_main| _start "),
    ("event loops, cgroup quota", r"EventLoops__Configure"),
    ("command line", r"SidecarCommandLine__Create|CommandLine_System_CommandLine_Parsing|CommandLine_.*__Parse"),
    ("configuration: files", r"ConfigFileSet__Read"),
    ("configuration: read, validate, compile", r"ConfigurationReloader__Start|SnapshotCompiler|ConfigurationStore"),
    ("configuration: put to work", r"RunningConfiguration__Apply"),
    ("meters, traces, exports", r"SidecarMeter|Telemetry_Tracing|OtlpExport__Start|RegisterGauges"),
    ("services of the server: registered", r"ProxyServices__Create|AddReverseProxy|WebApplication__CreateEmptyBuilder|WebApplicationBuilder__Build|BuildServiceProvider"),
    ("services of the server: made, generic types included", r"ProxyPipeline__Build|ProxyServer___ctor|GetRequiredService"),
    ("listeners opened", r"ProxyServer__StartAsync|KestrelServerImpl__StartAsync|Hosting_Internal_Host__StartAsync|WebApplication__StartAsync"),
    ("first lines of the log", r"Composition__Report|ProxyHost__Started"),
    ("the rest of composition", r"Composition___ctor|Composition__Create"),
    ("beside: watching files, names, limits", r"ConfigFileWatcher|ProxyHost__BecomeReady|WatchLimits|UpstreamClusterRegistry"),
    ("first request", r"KestrelConnection|HttpProtocol|Http1Connection|SocketAsyncEngine|SocketConnection|UpstreamDialer|HttpConnection"),
    ("other threads", r"Thread__StartThread|ThreadPool|ThreadEntryPoint"),
    ("kernel: exec", r"execve"),
    ("kernel: page faults", r"asm_exc_page_fault"),
    ("kernel: other calls", r"entry_SYSCALL|ret_from_fork|asm_"),
]
ENDING = re.compile(r"do_exit|do_group_exit")


def phase_of(stack):
    return next((name for name, pattern in PHASES if re.search(pattern, stack)), "not known")


def sample(backend_port, data):
    """One start under perf, from exec to the first 200. Returns samples by phase."""
    process, port, *_ = peers.start_sidecar(backend_port, full=True, routes=100, wait=False)
    first_200(port, "/r99/orders")
    for pid in family(process)[1:]:
        os.kill(pid, signal.SIGKILL)  # what it would do to end is not asked for
    process.wait(30)
    script = subprocess.run(["perf", "script", "-i", data, "-F", "comm,tid,ip,sym,dso"], capture_output=True, text=True, check=True, errors="replace").stdout
    counts = {}
    for block in script.split("\n\n"):
        lines = block.strip().splitlines()
        # Between fork and exec it is perf that runs.
        if lines and not lines[0].startswith(("perf", "taskset")) and not ENDING.search(block):
            name = phase_of(block)
            counts[name] = counts.get(name, 0) + 1
    return counts


def main(starts):
    binary = os.path.join(WORK, "sidecar-proxy")
    shutil.copy(peers.BINARY, binary)
    shutil.copy(os.environ["SIDECAR_BENCH_SYMBOLS"], binary + ".dbg")
    data = os.path.join(WORK, "start.data")
    peers.BINARY = write("under-perf", f'#!/bin/sh\nexec perf record -q -F {FREQUENCY} -e cpu-clock -g -o {data} -- {binary} "$@"\n')
    os.chmod(peers.BINARY, 0o755)
    backend_port = peers.backend()
    rounds = [sample(backend_port, data) for _ in range(starts)]
    per_ms = FREQUENCY / 1e3
    means = {name: statistics.mean(counts.get(name, 0) for counts in rounds) / per_ms for name in {name for counts in rounds for name in counts}}
    print("| what | ms of CPU |\n|---|---|")
    for name in [name for name, _ in PHASES] + ["not known"]:
        if means.get(name, 0) >= 0.05:
            print(f"| {name} | {means[name]:.1f} |")
    print(f"| **all, mean of {starts} starts** | **{sum(means.values()):.1f}** |")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
