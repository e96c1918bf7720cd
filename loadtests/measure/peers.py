"""The proxies of a run and what stands around them, each with the configuration it is measured with."""

import os
import sys
import urllib.request

from processes import LOAD_CPU, PROXY_CPU, first_200, free_port, start, write
from report import output

BINARY = os.environ["SIDECAR_BENCH_PROXY"]
BODY = "x" * 100  # the size PERFORMANCE's anchors were measured with


# Profile R: 1 KB of JSON under eight response headers, five of them nginx's own.
JSON = '{"order":1,"lines":[' + ",".join('{"sku":"%04d","quantity":2,"price":"12.50"}' % i for i in range(23)) + "]}"
PROFILE_R = f"""location /r/ {{ default_type application/json; add_header X-Request-Id 6f1c8a52; add_header Cache-Control no-store;
    add_header X-Service-Version 2026.11.21; return 200 '{JSON}'; }}"""

# What counted() asks.
COUNT = " location = /count { stub_status; }"


def version():
    """What the measured proxy says of itself, in one line."""
    return "; ".join(" ".join(line.split()) for line in output(BINARY, "version").splitlines())


def backend():
    """nginx, one worker, 100 bytes from memory; profile R's answer below /r/; its own count of requests. Returns its port."""
    port = free_port()
    config = nginx(port, f'return 200 "{BODY}";', more=PROFILE_R + COUNT)
    start(["nginx", "-p", os.path.dirname(write("empty", "")), "-c", write("backend.conf", config)], LOAD_CPU)
    first_200(port)
    return port


def counted(port):
    """Requests that an nginx with a COUNT says it has had, this one included."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/count", timeout=5) as page:
        return int(page.read().split(b"\n")[2].split()[2])


def grpc_backend():
    """Our own, for nginx has no trailers to end a call with. Returns the port of its h2c."""
    port, http = free_port(), free_port()
    start([os.environ["SIDECAR_BENCH_LOADGEN"], "backend", "--h2c", str(port), "--http", str(http)], LOAD_CPU)
    first_200(http)
    return port


def nginx(port, location, upstream="", more=""):
    return f"""
daemon off; worker_processes 1; pid {write(f"nginx-{port}.pid", "")}; error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; {upstream}
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ default_type text/plain; {location} }} {more} }}
}}
"""


def start_nginx(backend_port):
    port = free_port()
    upstream = f"upstream up {{ server 127.0.0.1:{backend_port}; keepalive 128; keepalive_requests 100000000; }}"
    location = 'proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";'
    process = start(["nginx", "-p", os.path.dirname(write("empty", "")), "-c", write(f"nginx-{port}.conf", nginx(port, location, upstream))], PROXY_CPU)
    first_200(port)
    return process, port


def start_haproxy(backend_port, log_port=None, routes=0, wait=True, h2=""):
    """One thread; with a log port `option httplog` to a local datagram socket, the peer of our access log;
    h2=" proto h2": HTTP/2 without TLS on both sides."""
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
  bind 127.0.0.1:{port}{h2} backlog 4096
{rules}  default_backend b
backend b
  server a 127.0.0.1:{backend_port}{h2}
{more}"""
    process = start(["haproxy", "-db", "-f", write(f"haproxy-{port}.cfg", config)], PROXY_CPU)
    if wait:
        first_200(port)
    return process, port


def start_sidecar(backend_port, full, routes=0, otlp_port=None, wait=True, log=None, traces=0.01, protocol="auto"):
    """full: timeout, retry and breaker on the route, an access-log line for every request, 1 % traces; the same process has
    twin routes with and without policies below /full/ and /plain/. Otherwise only such routes. log=False: full without access-log lines;
    traces=0 and no OTLP port: full without traces and exports. Returns the process, its traffic port and its admin port."""
    port, admin = free_port(), free_port()
    policy = ("{ timeouts: { request: 15s, perTry: 5s }, retry: { maxRetries: 2 }, circuitBreaker: {} }" if full
              else "{ timeouts: { request: off }, retry: off }")
    log = full if log is None else log
    access = "{ successRatio: 1, linesPerSecond: 1000000 }" if log else "{ successRatio: 0 }"
    protocol = "" if protocol == "auto" else f", protocol: {protocol}"
    more = "".join(f'  r{i}: {{ match: {{ path: "/r{i}/{{**rest}}" }}, cluster: up, policy: measured }}\n' for i in range(routes))
    config = f"""version: 1
listeners:
  reverse: {{ address: "127.0.0.1:{port}" }}
  admin:   {{ address: "127.0.0.1:{admin}" }}
  metrics: off
telemetry: {{ traceRatio: {traces}, accessLog: {access} }}
policies:
  measured: {policy}
  without: {{ timeouts: {{ request: off }}, retry: off }}
clusters:
  up: {{ destinations: {{ a: {{ address: "http://127.0.0.1:{backend_port}" }} }}{protocol} }}
routes:
  all: {{ match: {{ path: "/{{**rest}}" }}, cluster: up, policy: measured }}
  full: {{ match: {{ path: "/full/{{**rest}}" }}, cluster: up, policy: measured }}
  plain: {{ match: {{ path: "/plain/{{**rest}}" }}, cluster: up, policy: without }}
{more}"""
    env = {"SIDECAR_EVENT_LOOPS": "1"}
    if full and otlp_port:
        env |= {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{otlp_port}", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
    process = start([BINARY, "run", "--config", write(f"sidecar-{port}.yaml", config)], PROXY_CPU, env, read_output=full)
    if wait:
        first_200(port)
    return process, port, admin


def start_floor(mode, backend_port):
    """One of the floor programs (loadtests/floor). Returns the process, its traffic port and the port that tells its allocated bytes."""
    port, counters = free_port(), free_port()
    process = start([os.environ["SIDECAR_BENCH_FLOOR"], mode, str(port), str(backend_port), str(counters)], PROXY_CPU)
    first_200(port)
    return process, port, counters


def start_sinks():
    """Drains HAProxy's datagrams and takes our OTLP exports. Returns both ports."""
    log_port, otlp_port = free_port(), free_port()
    start([sys.executable, os.path.join(os.path.dirname(__file__), "sinks.py"), str(log_port), str(otlp_port)], LOAD_CPU, beside=True)
    first_200(otlp_port)
    return log_port, otlp_port
