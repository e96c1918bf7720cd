"""Keeps the CPU that it is pinned to from halting: runs on it whenever nothing else does, and enters the kernel without end. Ends with
whoever started it, however that ends. undisturbed.py says what for."""

import os

parent = os.getppid()
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
while os.getppid() == parent:
    os.sched_yield()
