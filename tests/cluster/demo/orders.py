"""The service of the demo, on port 8080. What it does depends on the path alone:
/orders/... 200, /flaky/... every tenth request 503, /down/... always 500, /slow/... 200 after two seconds,
/stall/... 200 after as many seconds as the path's end says. /healthz is for the kubelet."""
import http.server
import json
import os
import signal
import socket
import threading
import time

counts = {}
lock = threading.Lock()
started = time.time()


class Orders(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        kind = self.path.split("/")[1]
        with lock:
            counts[kind] = number = counts.get(kind, 0) + 1
        status = 200
        if kind == "flaky" and number % 10 == 0:
            status = 503
        elif kind == "down":
            status = 500
        elif kind == "slow":
            time.sleep(2)
        elif kind == "stall":
            time.sleep(float(self.path.rsplit("/", 1)[1]))
        self.answer(status, {
            "pod": socket.gethostname(), "requests": counts, "headers": {k.lower(): v for k, v in self.headers.items()},
            "peer": self.client_address[0]})

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.do_GET()

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    request_queue_size = 256
    daemon_threads = True


# As a real service does: it goes on serving for as long as somebody may still send, then ends by itself.
def end(*_):
    threading.Timer(float(os.environ.get("LINGER", "10")), lambda: os._exit(0)).start()


signal.signal(signal.SIGTERM, end)
server = Server(("::", 8080), Orders)
print(json.dumps({"event": "listening", "at": started}), flush=True)
server.serve_forever()
