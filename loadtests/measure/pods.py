"""Network namespaces as pods: an application and a sidecar in each, with the redirect rules of sidecar-init, around one peer that stands
for everything else. For root only; what is made here is gone when the process ends."""

import atexit
import os
import shutil
import subprocess
import time

from processes import LOAD_CPU, PROXY_CPU, WORK, start, write

INIT = os.environ.get("SIDECAR_BENCH_INIT", os.path.join(os.path.dirname(os.environ["SIDECAR_BENCH_PROXY"]), "sidecar-init"))
PROXY_USER = 6102  # whose sockets are not redirected
PEER = "10.99.0.1"
ADMIN = 15100
METRICS = 15120
_made = []


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


@atexit.register
def remove_all():
    for name in _made:
        pids = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=False).stdout.split()
        for pid in pids:
            subprocess.run(["kill", "-KILL", pid], check=False)
        subprocess.run(["ip", "netns", "delete", name], check=False)


def reason_not_possible():
    """Why there can be no pods here; None when there can."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [name for name in ("ip", "nft", "setpriv") if not shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")]
    if missing:
        return f"needs {', '.join(missing)}"
    if not os.access(INIT, os.X_OK):
        return f"needs {INIT}"
    probe = f"scb-{os.getpid()}-probe"
    try:
        run("ip", "netns", "add", probe)
        run("ip", "netns", "delete", probe)
    except RuntimeError as error:
        return f"no network namespace can be made: {error}"
    return None


def namespace(role):
    name = f"scb-{os.getpid()}-{role}"
    run("ip", "netns", "add", name)
    _made.append(name)
    run("ip", "-n", name, "link", "set", "lo", "up")
    return name


class Network:
    """The peer and its pods. Every pod has a link of its own to the peer, and its default route over it."""

    def __init__(self, pods):
        # The proxy's user must reach its binary and its configuration.
        os.chmod(WORK, 0o755)
        self.proxy = os.path.join(WORK, "sidecar-proxy")
        shutil.copy(os.environ["SIDECAR_BENCH_PROXY"], self.proxy)
        self.peer = namespace("peer")
        run("ip", "-n", self.peer, "addr", "add", f"{PEER}/32", "dev", "lo")
        run("ip", "netns", "exec", self.peer, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.pods = [Pod(self, number) for number in range(1, pods + 1)]


class Pod:
    def __init__(self, network, number):
        self.network, self.number = network, number
        self.address = f"10.61.{number}.2"
        self.name = namespace(f"pod{number}")
        run("ip", "link", "add", "eth0", "netns", self.name, "type", "veth", "peer", "name", f"pod{number}", "netns", network.peer)
        for where, device, address in ((network.peer, f"pod{number}", f"10.61.{number}.1/24"), (self.name, "eth0", f"{self.address}/24")):
            run("ip", "-n", where, "addr", "add", address, "dev", device)
            run("ip", "-n", where, "link", "set", device, "up")
        run("ip", "-n", self.name, "route", "add", "default", "via", f"10.61.{number}.1")

    def intercept(self, *options):
        """What the init container does."""
        run("ip", "netns", "exec", self.name, INIT, "apply", *options)

    def start_sidecar(self, config, env=None, read_output=True, output=None):
        """Starts the proxy as its user; the caller waits until it answers."""
        file = write(f"pod{self.number}.yaml", config)
        os.chmod(file, 0o644)
        return start(as_proxy(self, "run", "--config", file), PROXY_CPU, {"SIDECAR_EVENT_LOOPS": "1", **(env or {})}, read_output, output)


def as_proxy(pod, *arguments):
    user = str(PROXY_USER)
    return ["ip", "netns", "exec", pod.name, "setpriv", "--reuid", user, "--regid", user, "--clear-groups", pod.network.proxy, *arguments]


def inside(name, *command):
    return ["ip", "netns", "exec", name, *command]


def get(name, address, path):
    """Status and body of a GET from inside a namespace; status 0 when there was no answer."""
    done = subprocess.run(inside(name, "curl", "-s", "-m", "5", "-w", "\n%{http_code}", f"http://{address}{path}"), capture_output=True, text=True, check=False)
    body, _, status = done.stdout.rpartition("\n")
    return int(status or 0), body


def start_nginx(name, listen, key, location):
    """nginx in a namespace; listen: what follows `listen` in each line."""
    lines = " ".join(f"listen {one} backlog=4096;" for one in listen)
    config = f"""
daemon off; worker_processes 1; pid {write(f"nginx-{key}.pid", "")}; error_log stderr warn;
events {{ worker_connections 8192; }}
http {{ access_log off; keepalive_requests 100000000; server {{ {lines} location / {{ default_type text/plain; {location} }} }} }}
"""
    return start(inside(name, "nginx", "-p", WORK, "-c", write(f"nginx-{key}.conf", config)), LOAD_CPU)


def until(what, condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"not within {seconds} s: {what}")
        time.sleep(0.05)
