"""Where the CPU of a request goes: samples the proxies of a run under load and sorts the samples by whose code they are in."""

import collections
import os
import re
import subprocess

import measures
from processes import WORK, cpu_seconds

FREQUENCY = 1999
SECONDS = 10

# The innermost frame decides whose time it is. Names in a native binary begin with their assembly.
OWNERS = [
    ("ours", re.compile(r"sidecar_|Sidecar_")),
    ("Yarp", re.compile(r"Yarp_ReverseProxy_")),
    ("SocketsHttpHandler", re.compile(r"System_Net_Http_")),
    ("Kestrel and its host", re.compile(r"Microsoft_AspNetCore_|Microsoft_Extensions_|Microsoft_Net_Http_Headers_|System_IO_Pipelines_")),
    ("System.Net.Sockets", re.compile(r"System_Net_Sockets_|System_Net_Primitives_|System_Net_Security_")),
    ("Polly, OpenTelemetry", re.compile(r"Polly_|OpenTelemetry_|System_Diagnostics_DiagnosticSource_")),
    ("other managed code", re.compile(r"System_[A-Z]|Interop_")),
    ("core library", re.compile(r"S_P_|System_Private_|String__|Internal_|Object__|Array__")),
]
RUNTIME = "runtime and collector"
LIBRARIES = "libc and loader"
KERNEL = "kernel"
# What a sample in libc, the collector or the core library is charged to: the innermost frame of one of these. Not the
# kernel's: libc's entries to it keep no frame pointer, so the stack ends there.
PAYERS = ("ours", "Yarp", "SocketsHttpHandler", "Kestrel and its host", "Polly, OpenTelemetry", "program")
ENGINE = "socket engine, thread pool"
WAKE_UP = "waking who waits for what was sent"


def owner(symbol, library, program):
    """Whose code a frame is. A program that is not ours is one piece."""
    if library.startswith("[kernel") or library == "[vdso]":
        return KERNEL
    if ".so" in library:
        return LIBRARIES
    if program:
        return "program"
    # Stubs and unboxing thunks name what they lead to.
    name = re.sub(r"^(unbox_|__unbox_)", "", symbol)
    for title, pattern in OWNERS:
        if pattern.match(name):
            return title
    return RUNTIME


def frames(path):
    """Yields the stack of every sample, innermost frame first, as (symbol, library)."""
    script = subprocess.Popen(["perf", "script", "-i", path, "-F", "ip,sym,dso", "--no-demangle"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace")
    stack = []
    for line in script.stdout:
        found = re.match(r"\s*[0-9a-f]+ (.*) \((.*)\)\s*$", line)
        if found:
            stack.append((found.group(1).partition("+0x")[0], os.path.basename(found.group(2)) if "/" in found.group(2) else found.group(2)))
        elif stack:
            yield stack
            stack = []
    if stack:
        yield stack
    script.wait()


class Profile:
    """The samples of one target and what they cost."""

    def __init__(self, name, microseconds, native):
        self.name, self.microseconds, self.program = name, microseconds, not native
        self.samples = 0
        self.self_by_owner = collections.Counter()
        self.paid_by = collections.Counter()
        self.symbols = collections.Counter()
        self.owners = {}
        self.calls = collections.Counter()
        self.charged = collections.Counter()

    def add(self, stack):
        self.samples += 1
        symbol, library = stack[0]
        whose = owner(symbol, library, self.program)
        self.self_by_owner[whose] += 1
        self.symbols[symbol if whose != KERNEL else "[k] " + symbol] += 1
        self.owners[symbol if whose != KERNEL else "[k] " + symbol] = whose
        if whose != KERNEL:
            payer = next(((owner(*frame, self.program), frame[0]) for frame in stack if owner(*frame, self.program) in PAYERS), (ENGINE, ""))
            self.paid_by[payer[0]] += 1
            if payer[0] == "ours":
                self.charged[payer[1]] += 1
        elif any(frame[0] == "sock_def_readable" for frame in stack):
            self.calls[WAKE_UP] += 1
        else:
            call = next((frame[0] for frame in stack if re.match(r"(__x64_sys_|__arm64_sys_)", frame[0])), "")
            self.calls[re.sub(r"__(x64|arm64)_sys_", "", call) or "interrupts and the rest"] += 1

    def cost(self, count):
        return count / max(1, self.samples) * self.microseconds

    def top(self, count, whose=None):
        return [(name, hits) for name, hits in self.symbols.most_common() if whose is None or self.owners[name] == whose][:count]


def take(name, process, port, connections=16, path="/orders/1", native=True):
    """Samples one process for ten seconds of a closed loop. native: a binary of ours, whose symbols name assemblies."""
    data = os.path.join(WORK, f"perf-{port}.data")
    measures.wrk(port, 2, connections, path)
    recorder = subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", str(FREQUENCY), "-g", "-o", data, "-p", str(process.pid),
                                 "--", "sleep", str(SECONDS)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    before = cpu_seconds(process)
    requests = measures.wrk(port, SECONDS + 1, connections, path)
    spent = (cpu_seconds(process) - before) / requests * 1e6
    if recorder.wait(30) != 0:
        raise SystemExit("perf record failed: may this user sample (kernel.perf_event_paranoid)?")
    profile = Profile(name, spent, native)
    for stack in frames(data):
        profile.add(stack)
    os.remove(data)
    return profile


def readable(symbol):
    """A managed name as a person would write it."""
    name = re.sub(r"^(unbox_)", "", symbol)
    name = re.sub(r"S_P_CoreLib_|sidecar_proxy_|Microsoft_AspNetCore_Server_Kestrel_Core_(?=Microsoft)|System_Net_Http_(?=System)"
                  r"|System_Net_Sockets_(?=System)|Yarp_ReverseProxy_(?=Yarp)|[A-Za-z_]+?_(?=Microsoft_AspNetCore_[A-Z])|System_IO_Pipelines_(?=System)", "", name)
    name = name.replace("Microsoft_AspNetCore_Server_Kestrel_Core_Internal_", "Kestrel_").replace("System_Runtime_CompilerServices_", "")
    name = re.sub(r"__+", ".", name)
    return name if len(name) <= 150 else name[:147] + "…"


def text(profiles):
    """The profiles as tables."""
    names = " | ".join(profile.name for profile in profiles)
    rule = "|---" * (len(profiles) + 1) + "|"

    def table(title, rows, counter):
        lines = [f"| {title} | {names} |", rule]
        for row in rows:
            cells = [f"{profile.cost(counter(profile)[row]):.1f} ({100 * counter(profile)[row] / max(1, profile.samples):.0f} %)" for profile in profiles]
            lines.append(f"| {row} | " + " | ".join(cells) + " |")
        return "\n".join(lines)

    whose = [KERNEL, LIBRARIES, RUNTIME, "core library", "other managed code", "System.Net.Sockets", "Kestrel and its host", "SocketsHttpHandler", "Yarp", "Polly, OpenTelemetry", "ours", "program"]
    calls = [name for name, _ in sum((profile.calls for profile in profiles), collections.Counter()).most_common(9)]
    parts = [
        f"Microseconds of CPU per request and share, {FREQUENCY} samples a second of CPU for {SECONDS} s; sampling itself costs some, so read the shares and compare the columns.",
        "## By the innermost frame\n\n" + table("whose code", whose, lambda profile: profile.self_by_owner),
        "## Outside the kernel, by who asked for it\n\nThe runtime, the collector, libc and the core library are charged to the innermost frame above them that is one of these.\n\n"
        + table("on behalf of", [*PAYERS, ENGINE], lambda profile: profile.paid_by),
        "## The kernel by system call\n\n" + table("call", calls, lambda profile: profile.calls),
    ]
    for profile in profiles:
        parts.append(f"## {profile.name}: {profile.samples} samples, {profile.microseconds:.1f} µs per request\n")
        if profile.self_by_owner["ours"]:
            parts.append("Top 15 of our own:\n\n| µs | % | symbol |\n|---|---|---|\n" + "\n".join(
                f"| {profile.cost(hits):.2f} | {100 * hits / profile.samples:.1f} | `{readable(name)}` |" for name, hits in profile.top(15, "ours")))
            parts.append("Top 25 of our own with what they call in the runtime and the core library:\n\n| µs | % | symbol |\n|---|---|---|\n" + "\n".join(
                f"| {profile.cost(hits):.2f} | {100 * hits / profile.samples:.1f} | `{readable(name)}` |" for name, hits in profile.charged.most_common(25)))
        if not profile.program:
            parts.append("Top 25 of everything:\n\n| µs | % | whose | symbol |\n|---|---|---|---|\n" + "\n".join(
            f"| {profile.cost(hits):.2f} | {100 * hits / profile.samples:.1f} | {profile.owners[name]} | `{readable(name)}` |" for name, hits in profile.top(25)))
    return "\n\n".join(parts) + "\n"


