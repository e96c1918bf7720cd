"""Is told when the host slows the machine down, by arithmetic and not by what is measured: src/decisions/0017-latency-without-the-machine.md."""

import contextlib
import os
import subprocess

from processes import LOAD_CPU, pinned
from undisturbed import PRIORITY, reason_not_possible


class SlowStretches(list):
    """(from, to) in seconds of time.monotonic(), in which the machine computed at less than half its pace."""

    def meets(self, began, ended):
        return any(since < ended and until > began for since, until in self)

    def within(self, began, ended):
        """How long the machine was slow between two times."""
        return sum(max(0.0, min(until, ended) - max(since, began)) for since, until in self)


@contextlib.contextmanager
def watched():
    """Takes the machine's pace meanwhile. What it gives is filled when it is over."""
    before_others = [] if reason_not_possible() else ["chrt", "--rr", str(PRIORITY)]
    watch = subprocess.Popen([*before_others, *pinned(LOAD_CPU, [os.environ["SIDECAR_BENCH_LOADGEN"], "pace"])], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    stretches = SlowStretches()
    try:
        yield stretches
    finally:
        told, _ = watch.communicate(timeout=30)
    if watch.returncode:
        raise SystemExit(f"sidecar-loadgen pace ended with {watch.returncode}")
    stretches += [tuple(int(time) / 1e9 for time in line.split()) for line in told.splitlines()]
