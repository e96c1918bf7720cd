"""A rolling restart under load, in and out, in network namespaces: two pods behind a service, each with its application, its sidecar and
real redirect rules. The service balances connections, as kube-proxy does: a new one goes to a pod that is ready, one that is open
stays where it is, and nothing is tried twice."""

import json
import os
import subprocess
import time

import measures
import peers
import pods
from processes import LOAD_CPU, PROXY_CPU, WORK, pinned, start, write

SECONDS = 75
SERVICE = {"http1": (80, 8080), "h2c": (81, 8090)}  # target → the service's port, the pods' port
GRACE = 12

CONFIG = f"""version: 1
listeners: {{ outbound: {{}}, inbound: {{}} }}
telemetry: {{ accessLog: {{ successRatio: 0 }} }}
shutdown: {{ grace: {GRACE}s }}
routes:
  out: {{ direction: outbound, match: {{ path: "/{{**rest}}" }}, forwardTo: original }}
  in: {{ direction: inbound, match: {{ path: "/{{**rest}}" }}, forwardTo: original }}
"""


def service(network):
    """HAProxy as a service of connections: readiness is asked for at the sidecars, four times a second."""
    parts = "".join(f"""
listen {name}
  bind {pods.PEER}:{port} backlog 4096
  option httpchk GET /readyz
  balance roundrobin
""" + "".join(f"  server p{pod.number} {pod.address}:{target} check addr {pod.address} port {pods.METRICS} inter 250ms fall 1 rise 1\n" for pod in network.pods)
        for name, (port, target) in SERVICE.items())
    config = f"""global
  nbthread 1
defaults
  mode tcp
  retries 0
  timeout connect 3s
  timeout client 600s
  timeout server 600s
{parts}"""
    start(pods.inside(network.peer, "haproxy", "-db", "-f", write("service.cfg", config)), LOAD_CPU)


def is_ready(pod):
    return pods.get(pod.name, f"127.0.0.1:{pods.ADMIN}", "/readyz")[0] == 200


def start_sidecar(pod):
    path = os.path.join(WORK, f"pod{pod.number}.log")
    log = open(path, "wb")  # closed with the process that has it
    process = pod.start_sidecar(CONFIG, read_output=False, output=log)
    log.close()
    pods.until("the sidecar is ready", lambda: is_ready(pod))
    return process, path


def restart(network, pod, process, log):
    """The end of a pod and its return. Its application calls out all the while, and for three seconds after preStop began.
    Returns the new process, its log, and what the application's calls came to."""
    report = os.path.join(WORK, f"application-{pod.number}.json")
    application = subprocess.Popen(
        pinned(LOAD_CPU, pods.inside(pod.name, measures.LOADGEN, "steady", "--target", f"out=http://{pods.PEER}:9000/orders/1", "--rate", "300",
                                     "--connections", "16", "--slice", "6s", "--rounds", "1", "--json", report)), stdout=subprocess.DEVNULL)
    time.sleep(3)
    hook = subprocess.run(pinned(PROXY_CPU, pods.as_proxy(pod, "drain", "--timeout", f"{GRACE}s")), capture_output=True, text=True, check=False)
    application.wait(30)
    process.terminate()
    status = process.wait(GRACE + 5)
    with open(report, encoding="utf-8") as file:
        calls = json.load(file)["tables"]["requests"]["out"]
    with open(log, encoding="utf-8") as file:
        end = next((json.loads(line) for line in file if '"event":"drain-finished"' in line), {})
    print(f"      pod {pod.number}: drain {hook.returncode}, exit {status}; completed {end.get('completed')}, aborted {end.get('aborted')}, refused {end.get('refused')}, "
          f"{end.get('seconds')} s; its calls out: {calls['succeeded']:.0f} answered, {calls['failed']:.0f} failed", flush=True)
    is_clean = hook.returncode == 0 and status == 0 and end.get("aborted") == 0
    return *start_sidecar(pod), calls, is_clean


def restarts(table):
    """Both pods again and again while the load lasts."""
    what_in, what_out = "failed requests at a rolling restart under load, in", "… and out: the pod's own calls until its application has ended"
    reason = pods.reason_not_possible()
    if reason:
        table.row(what_in, "0", f"not measured: {reason}", False)
        table.row(what_out, "0", f"not measured: {reason}", False)
        return
    network = pods.Network(2)
    pods.start_nginx(network.peer, [f"{pods.PEER}:9000"], "outside", f'return 200 "{peers.BODY}";')
    running = []
    for pod in network.pods:
        pods.start_nginx(pod.name, [f"{pod.address}:8080", f"{pod.address}:8090 http2"], f"app{pod.number}", f'return 200 "{peers.BODY}";')
        pod.intercept()
        running.append(start_sidecar(pod))
    service(network)
    pods.until("the service answers", lambda: pods.get(network.peer, f"{pods.PEER}:{SERVICE['http1'][0]}", "/")[0] == 200)
    time.sleep(2)  # HAProxy has asked both

    line = [measures.LOADGEN, "run", "rolling-restart", "--out", WORK, "--set", "rate=400", "--set", f"seconds={SECONDS}"]
    for name, (port, _) in SERVICE.items():
        line += ["--target", f"{name}=http://{pods.PEER}:{port}/orders/1"]
    load = subprocess.Popen(pinned(LOAD_CPU, pods.inside(network.peer, *line)), stdout=subprocess.DEVNULL)
    began, count, answered, failed, clean = time.monotonic(), 0, 0, 0, True
    time.sleep(2)
    while time.monotonic() - began < SECONDS - 18 and load.poll() is None:
        number = count % len(network.pods)
        *running[number], calls, is_clean = restart(network, network.pods[number], *running[number])
        count, answered, failed, clean = count + 1, answered + calls["succeeded"], failed + calls["failed"], clean and is_clean
        time.sleep(1.5)  # the service has seen it
    is_under_load = load.poll() is None
    status = load.wait(SECONDS)
    with open(os.path.join(WORK, "rolling-restart.json"), encoding="utf-8") as file:
        report = json.load(file)
    rows = report["tables"]["scenarios"]
    lost = sum(cells["failed"] for cells in rows.values())
    reasons = f"; {report['tables']['failures']}" if lost else ""
    table.row(what_in, "0", f"{lost:.0f} ({rows['http1']['ok']:.0f} over HTTP/1.1, {rows['h2c']['ok']:.0f} over HTTP/2, {count} restarts{reasons})",
              status == 0 and lost == 0 and count >= 4 and is_under_load and clean)
    table.row(what_out, "0", f"{failed:.0f} ({answered:.0f} answered)", failed == 0 and answered > 0)
