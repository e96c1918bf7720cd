"""What every dated result is made of: its table, the machine, and how busy that was."""

import os
import platform
import re
import subprocess

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
CPUS = sorted(os.sched_getaffinity(0))


class Table:
    """One row per measure: what was wanted, what was seen, and whether it was met."""

    def __init__(self):
        self.rows = []
        self.notes = []

    def note(self, text):
        """Says something about the whole run, once."""
        if text not in self.notes:
            self.notes.append(text)
            print(f"    {text}", flush=True)

    def row(self, what, target, measured, met):
        verdict = "–" if met is None else "met" if met else "**not met**"
        self.rows.append(f"| {what} | {target} | {measured} | {verdict} |")
        print(f"    {what}: {measured} (first release: {target}): {verdict.strip('*')}", flush=True)

    def text(self):
        return "\n".join(["| measure | first release | measured | |", "|---|---|---|---|", *self.rows])


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False).stdout.strip()
    except FileNotFoundError:
        return ""


def steal_and_load():
    with open("/proc/stat", encoding="ascii") as stat:
        ticks = [int(value) for value in stat.readline().split()[1:]]
    return ticks[7], sum(ticks), " ".join(f"{value:.2f}" for value in os.getloadavg())


def machine():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        model = re.search(r"model name\s*:\s*(.*)", info.read())
    with open("/proc/meminfo", encoding="ascii") as info:
        total = int(info.readline().split()[1]) / 1e6
    release = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    return f"{len(CPUS)} × {model.group(1) if model else platform.machine()}, {total:.1f} GB, {release}, kernel {platform.release().partition('-')[0]}"
