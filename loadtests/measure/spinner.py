"""Keeps one CPU from halting: runs on it whenever nothing else does, and enters the kernel without end. Ends with whoever started it.
Its argument is the number of the CPU. undisturbed.py says what for."""

import os
import sys

parent = os.getppid()
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
while os.getppid() == parent:
    os.sched_yield()
