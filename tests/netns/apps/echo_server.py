"""HTTP/1.1 server that answers with what it got: echo_server.py PORT. Python's own http.server, nothing else."""
import hashlib
import json
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def answer(self):
        body = self.body()
        if self.path == "/echo":
            text = body
        else:
            text = json.dumps({
                "method": self.command,
                "target": self.path,
                "length": len(body),
                "sha256": hashlib.sha256(body).hexdigest(),
                "x-test": self.headers.get_all("x-test"),
                "expect": self.headers.get("expect"),
            }).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(text)))
        self.send_header("x-answer", "yes")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_BREW = answer

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True


server = Server(("::", int(sys.argv[1])), Echo)
print("listening", flush=True)
server.serve_forever()
