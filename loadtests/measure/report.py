"""What every dated result is made of: its table, the machine, and how busy that was."""

import datetime
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


class Result:
    """One dated file of loadtests/results. Made before anything is measured, so that it can say how busy the machine was meanwhile.
    sources: what must not differ from the commit that it is named after."""

    def __init__(self, kind="", sources=("src",)):
        now = datetime.datetime.now(datetime.timezone.utc)
        commit = output("git", "rev-parse", "--short=12", "HEAD") or "unknown"
        dirty = " with changes" if output("git", "status", "--porcelain", "--", *sources) else ""
        self.name = f"{kind}{'-' if kind else ''}{now:%Y-%m-%d}-{commit}"
        self.title = f"{now:%Y-%m-%d %H:%M} UTC, commit {commit}{dirty}"
        self.folder = os.path.join(ROOT, "loadtests", "results")
        self.steal, self.ticks, self.load = steal_and_load()

    def machine(self):
        """What to read before any figure; asked for when everything was measured."""
        steal, ticks, load = steal_and_load()
        return f"Machine: {machine()}. Load average before {self.load}, after {load}; stolen CPU {100 * (steal - self.steal) / max(1, ticks - self.ticks):.1f} %."

    def write(self, text):
        """Returns what to say about it."""
        os.makedirs(self.folder, exist_ok=True)
        path = os.path.join(self.folder, f"{self.name}.md")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return f"written: {os.path.relpath(path, ROOT)}"
