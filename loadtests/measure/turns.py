"""CPU per request of several targets at once, in turns of a tenth of a second."""

import random
import signal
import subprocess
import time

import measures
import peers
from pace import watched
from processes import cpu_seconds
from undisturbed import awake

IN_A_ROUND = 10
LONG = 0.1


class Turns:
    """Closed-loop rounds of all targets together: in each, every one has a second of load in ten turns, in an order drawn anew for every ten.
    What the machine does for longer than a turn (a neighbour on the same core, a lower clock) it does to all of them alike. A turn in which
    the host slowed the machine down is left out.
    targets: as for measures.cpu_per_request, all of them before the backend."""

    def __init__(self, backend_port, targets, connections=16):
        self._backend, self._targets, self._connections = backend_port, targets, connections
        self._loads, self._taken, self._slow = {}, [], None  # taken: round, name, CPU seconds, requests, began, ended

    def take(self, rounds):
        """Measures; no CPU is put to sleep where that can be had."""
        with awake():
            measures.warm_up(self._targets, self._connections, measures.wrk, 2)
            with watched() as self._slow:
                self._take(rounds)
        return self

    def per_request(self):
        """name → CPU microseconds per request, one per round. A round in which somebody has less than half of the turns is left out for all."""
        result = {name: [] for name in self._targets}
        for number in range(self._taken[-1][0] + 1):
            turns, used, requests = (dict.fromkeys(self._targets, 0) for _ in range(3))
            for _, name, seconds, count, began, ended in (turn for turn in self._taken if turn[0] == number):
                if not self._slow.meets(began, ended):
                    turns[name] += 1
                    used[name] += seconds
                    requests[name] += count
            if min(turns.values()) >= IN_A_ROUND / 2:
                for name, values in result.items():
                    values.append(used[name] / requests[name] * 1e6)
        if not all(result.values()):
            raise SystemExit("the host slowed the machine down in most turns of every round: the run is void")
        return result

    def left_out(self):
        """Turns that are left out, of how many; seconds in which the machine was slow, of how many."""
        began, ended = self._taken[0][4], self._taken[-1][5]
        return sum(self._slow.meets(*turn[4:]) for turn in self._taken), len(self._taken), self._slow.within(began, ended), ended - began

    def _take(self, rounds):
        try:
            for name, (_, port, *path) in self._targets.items():
                # What waits while its wrk is stopped is no timeout. Not longer than need be: wrk asks for eight bytes per microsecond of it.
                line = [*measures.wrk_line(port, "1h", self._connections, *path), "--timeout", "60s"]
                self._loads[name] = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
                self._loads[name].send_signal(signal.SIGSTOP)
            order = list(self._targets)
            for turn in range(rounds * IN_A_ROUND):
                random.shuffle(order)
                for name in order:
                    self._turn(turn // IN_A_ROUND, name)
            for load in self._loads.values():
                finish(load)
        finally:
            for load in self._loads.values():
                load.kill()
                load.wait()

    def _turn(self, number, name):
        process, load = self._targets[name][0], self._loads[name]
        requests, began, used = peers.counted(self._backend), time.monotonic(), cpu_seconds(process)
        load.send_signal(signal.SIGCONT)
        time.sleep(LONG)
        load.send_signal(signal.SIGSTOP)
        time.sleep(0.002)  # what was under way is answered
        used, ended = cpu_seconds(process) - used, time.monotonic()
        self._taken.append((number, name, used, peers.counted(self._backend) - requests - 1, began, ended))


def finish(load):
    """wrk knows of answers that were not as wished: they end the run."""
    load.send_signal(signal.SIGCONT)
    time.sleep(0.05)  # a signal in the moment of its return may be taken by a thread that does not look for it
    load.send_signal(signal.SIGINT)
    load.wait(10)
    measures.completed(load.stdout.read())
