"""Counts the exceptions that a native binary throws, from outside: gdb stops at the entry of the runtime's throw, counts and goes on.
Rethrows count too: every await that an exception passes throws it again. Nothing in the product helps, and nothing is slowed down
but the throw."""

import os
import re
import shutil
import signal
import subprocess
import time

THROW = "RhpThrowEx"


def symbols_of(binary):
    """The file with the binary's symbols that tests/aot/publish.sh leaves; None when it is not there or of another build."""
    path = os.path.join(os.path.dirname(binary), "..", "symbols", os.path.basename(binary) + ".dbg")
    return path if os.path.exists(path) and build_id(path) == build_id(binary) else None


def build_id(path):
    found = re.search(r"Build ID: (\w+)", subprocess.run(["readelf", "-n", path], capture_output=True, text=True, check=False).stdout)
    return found.group(1) if found else ""


def reason_not_possible(binary):
    """Why exceptions cannot be counted here; None when they can."""
    if not shutil.which("gdb"):
        return "needs gdb: make deps-bench"
    try:
        with open("/proc/sys/kernel/yama/ptrace_scope", encoding="ascii") as scope:
            if os.geteuid() != 0 and scope.read().strip() != "0":
                return "needs root, to look into another process"
    except FileNotFoundError:
        pass  # no such restriction here
    return None if symbols_of(binary) else f"needs the symbols of {os.path.basename(binary)}: make publish"


class Counter:
    """Counts from the making to count(); the process must not end meanwhile."""

    def __init__(self, process, binary):
        names = subprocess.run(["nm", symbols_of(binary)], capture_output=True, text=True, check=True).stdout
        offset = int(re.search(rf"^(\w+) \w {THROW}$", names, re.M).group(1), 16)
        with open(f"/proc/{process.pid}/maps", encoding="ascii") as maps:
            base = next(int(line.split("-")[0], 16) for line in maps if os.path.basename(binary) in line)
        self.process = process
        self.gdb = subprocess.Popen(
            ["gdb", "-nx", "-batch", "-p", str(process.pid), "-iex", "set auto-solib-add off", "-ex", "handle all nostop noprint pass", "-ex", "handle SIGINT stop print nopass",
             "-ex", f"break *{base + offset:#x}", "-ex", "ignore 1 1000000000", "-ex", "echo counting\\n", "-ex", "continue", "-ex", "info breakpoints", "-ex", "detach"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.output = ""
        while "counting" not in self.output:
            line = self.gdb.stdout.readline()
            if not line:
                raise SystemExit(f"gdb cannot follow the proxy:\n{self.output}")
            self.output += line
        time.sleep(1)  # until it runs again

    def count(self):
        """Ends the counting and lets the process go on."""
        os.kill(self.process.pid, signal.SIGINT)  # gdb takes it
        rest, _ = self.gdb.communicate(timeout=30)
        if "breakpoint     keep y" not in rest:
            raise SystemExit(f"gdb did not count:\n{self.output}{rest}")
        hits = re.search(r"already hit (\d+) time", rest)
        return int(hits.group(1)) if hits else 0
