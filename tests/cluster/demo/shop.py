"""The client of the demo. Its very first act is a call to the service: in a pod whose proxy holds the application until
it is ready, that call cannot fail. Then it answers /healthz on port 8080 until it is told to end."""
import http.server
import json
import os
import signal
import socket
import sys
import urllib.request

url = os.environ.get("FIRST_CALL")
if url:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            print(json.dumps({"event": "first-call", "status": answer.status}), flush=True)
    except Exception as error:  # what went wrong is the result
        print(json.dumps({"event": "first-call", "status": 0, "error": str(error)}), flush=True)


class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        known = self.path == "/healthz"
        data = b"ok\n" if known else b"no such page\n"
        self.send_response(200 if known else 404)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
Server(("::", 8080), Shop).serve_forever()
