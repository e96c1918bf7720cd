"""One link of a chain of calls: chain.py PORT OTHER_HOST OTHER_PORT.

GET /N answers with its own number and, while N > 0, with what the other link says to /N-1.
"""
import http.client
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port, other_host, other_port = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])


class Link(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        left = int(self.path.strip("/"))
        text = f"{port}:{left}"
        if left > 0:
            connection = http.client.HTTPConnection(other_host, other_port, timeout=20)
            connection.request("GET", f"/{left - 1}", headers={"connection": "close"})
            text += " " + connection.getresponse().read().decode()
            connection.close()
        self.send_response(200)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True


server = Server(("::", port), Link)
print("listening", flush=True)
server.serve_forever()
