"""The proxies of a run and what stands around them, each with the configuration it is measured with."""

import os
import sys

from processes import LOAD_CPU, PROXY_CPU, first_200, free_port, start, write

BINARY = os.environ["SIDECAR_BENCH_PROXY"]
BODY = "x" * 100  # the size PERFORMANCE's anchors were measured with


def backend():
    """nginx, one worker, 100 bytes from memory. Returns its port."""
    port = free_port()
    start(["nginx", "-p", os.path.dirname(write("empty", "")), "-c", write("backend.conf", nginx(port, f'return 200 "{BODY}";'))], LOAD_CPU)
    first_200(port)
    return port


def nginx(port, location, upstream=""):
    return f"""
daemon off; worker_processes 1; pid {write(f"nginx-{port}.pid", "")}; error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; {upstream}
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ default_type text/plain; {location} }} }}
}}
"""


def start_nginx(backend_port):
    port = free_port()
    upstream = f"upstream up {{ server 127.0.0.1:{backend_port}; keepalive 128; keepalive_requests 100000000; }}"
    location = 'proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";'
    process = start(["nginx", "-p", os.path.dirname(write("empty", "")), "-c", write(f"nginx-{port}.conf", nginx(port, location, upstream))], PROXY_CPU)
    first_200(port)
    return process, port


def start_haproxy(backend_port, log_port=None, routes=0, wait=True):
    """One thread; with a log port `option httplog` to a local datagram socket, the peer of our access log."""
    port = free_port()
    log = f"  log 127.0.0.1:{log_port} len 2048 format rfc5424 local0 info\n" if log_port else ""
    option = "  log global\n  option httplog\n" if log_port else ""
    rules = "".join(f"  use_backend b{i} if {{ path_beg /r{i}/ }}\n" for i in range(routes))
    more = "".join(f"backend b{i}\n  server a 127.0.0.1:{backend_port}\n" for i in range(routes))
    config = f"""global
  nbthread 1
  maxconn 4096
{log}defaults
  mode http
{option}  timeout connect 3s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend f
  bind 127.0.0.1:{port} backlog 4096
{rules}  default_backend b
backend b
  server a 127.0.0.1:{backend_port}
{more}"""
    process = start(["haproxy", "-db", "-f", write(f"haproxy-{port}.cfg", config)], PROXY_CPU)
    if wait:
        first_200(port)
    return process, port


def start_sidecar(backend_port, full, routes=0, otlp_port=None, wait=True):
    """full: timeout, retry and breaker on the route, an access-log line for every request, 1 % traces.
    Otherwise a route without policies. Returns the process, its traffic port and its admin port."""
    port, admin = free_port(), free_port()
    policy = ("{ timeouts: { request: 15s, perTry: 5s }, retry: { maxRetries: 2 }, circuitBreaker: {} }" if full
              else "{ timeouts: { request: off }, retry: off }")
    access = "{ successRatio: 1, linesPerSecond: 1000000 }" if full else "{ successRatio: 0 }"
    more = "".join(f'  r{i}: {{ match: {{ path: "/r{i}/{{**rest}}" }}, cluster: up, policy: measured }}\n' for i in range(routes))
    config = f"""version: 1
listeners:
  reverse: {{ address: "127.0.0.1:{port}" }}
  admin:   {{ address: "127.0.0.1:{admin}" }}
  metrics: off
telemetry: {{ traceRatio: 0.01, accessLog: {access} }}
policies:
  measured: {policy}
clusters:
  up: {{ destinations: {{ a: {{ address: "http://127.0.0.1:{backend_port}" }} }} }}
routes:
  all: {{ match: {{ path: "/{{**rest}}" }}, cluster: up, policy: measured }}
{more}"""
    env = {"SIDECAR_EVENT_LOOPS": "1"}
    if full and otlp_port:
        env |= {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{otlp_port}", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
    process = start([BINARY, "run", "--config", write(f"sidecar-{port}.yaml", config)], PROXY_CPU, env, read_output=full)
    if wait:
        first_200(port)
    return process, port, admin


def start_sinks():
    """Drains HAProxy's datagrams and takes our OTLP exports. Returns both ports."""
    log_port, otlp_port = free_port(), free_port()
    start([sys.executable, os.path.join(os.path.dirname(__file__), "sinks.py"), str(log_port), str(otlp_port)], LOAD_CPU)
    first_200(otlp_port)
    return log_port, otlp_port
