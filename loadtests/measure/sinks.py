"""Two listeners that take what the measured proxies send and do nothing with it:
a datagram socket for HAProxy's log lines and an HTTP server for OTLP exports."""

import http.server
import socket
import sys
import threading


class Otlp(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def drain(port):
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", port))
    buffer = bytearray(4096)
    while True:
        receiver.recv_into(buffer)


threading.Thread(target=drain, args=(int(sys.argv[1]),), daemon=True).start()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Otlp).serve_forever()
