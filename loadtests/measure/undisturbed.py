"""Keeps the machine out of a latency, as cyclictest does: no CPU is put to sleep, and what is measured goes before everything else.

A virtual CPU that halts is given away by its host and comes back when the host thinks fit: every wake-up waits for it, of every
program alike. What keeps the machine itself in order (kernel threads, agents of its host) takes milliseconds at a time and would be
counted as the proxy's. Both are undone when the measure ends, whatever ends it. src/decisions/0017-latency-without-the-machine.md
has the figures."""

import contextlib
import os
import struct
import sys

from processes import measured, start, stop, tasks

WAKE_UP = "/dev/cpu_dma_latency"
SPINNER = os.path.join(os.path.dirname(__file__), "spinner.py")
IDLE_DRIVER = "/sys/devices/system/cpu/cpuidle/current_driver"
PRIORITY = 1  # the lowest real-time priority goes before all that has none
_is_on = False


def reason_not_possible():
    """Why the machine cannot be kept out; None when it can."""
    if os.geteuid() != 0:
        return "needs root"
    try:
        os.close(os.open(WAKE_UP, os.O_WRONLY))
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY))
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    except OSError as error:
        return f"needs {WAKE_UP} and real-time scheduling: {error.strerror}"
    return None


def first(command):
    """The command as it is run in a measure that is not to be disturbed: what it starts inherits the priority."""
    return ["chrt", "--rr", str(PRIORITY), *command] if _is_on else list(command)


@contextlib.contextmanager
def awake():
    """No CPU is put to sleep. Does nothing where the machine cannot be kept out: the caller reports the reason."""
    if reason_not_possible():
        yield
        return
    # Holds for as long as the file is open (Linux, power/pm_qos_interface): a CPU that may take 0 µs to wake up polls.
    file = os.open(WAKE_UP, os.O_WRONLY)
    try:
        os.write(file, struct.pack("i", 0))
        yield
    finally:
        os.close(file)


@contextlib.contextmanager
def undisturbed():
    """awake(), and what is measured goes before everything else: for as long as latency is measured. Gives CPU → process of what runs
    there for no other end."""
    global _is_on
    if reason_not_possible():
        yield {}
        return
    with awake(), _kept_busy() as spinners:
        try:
            _schedule(os.SCHED_RR, PRIORITY)
            _is_on = True
            yield spinners
        finally:
            _is_on = False
            _schedule(os.SCHED_OTHER, 0)


@contextlib.contextmanager
def _kept_busy():
    """Without an idle driver the kernel halts whatever awake() asks for. Then every CPU has something of the lowest order to do that
    enters the kernel without end: at the next of its calls whoever is to run does, with no halt and no interrupt to wait for. Not for
    measures of CPU: what has no priority would share its CPU with it."""
    spinners = {}
    try:
        if has_no_idle_driver():
            for cpu in os.sched_getaffinity(0):
                spinners[cpu] = start([sys.executable, SPINNER], cpu, beside=True)
                with contextlib.suppress(OSError):
                    # Sessions share a CPU as equals (sched(7), autogroup), whatever is in them; this one shall not.
                    with open(f"/proc/{spinners[cpu].pid}/autogroup", "w", encoding="ascii") as nice:
                        nice.write("19")
        yield spinners
    finally:
        for spinner in spinners.values():
            stop(spinner)


def has_no_idle_driver():
    """Does the kernel halt a CPU that has nothing to do by itself, so that the wish of awake() reaches nobody?"""
    try:
        with open(IDLE_DRIVER, encoding="ascii") as driver:
            return driver.read().strip() == "none"
    except OSError:
        return True


def _schedule(policy, priority):
    """All threads of what is measured. The sinks of its logs and exports stay behind: they are no part of an answer."""
    for process in measured():
        for task in tasks(process):
            with contextlib.suppress(ProcessLookupError):
                os.sched_setscheduler(task, policy, os.sched_param(priority))
