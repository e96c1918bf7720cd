"""A server that speaks first: smtp_server.py PORT. As much SMTP as Python's smtplib needs to deliver one message."""
import socketserver
import sys


class Smtp(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 corpus.test ESMTP")
        while line := self.rfile.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"EHLO":
                self.say("250-corpus.test")
                self.say("250 SIZE 10000000")
            elif word == b"DATA":
                self.say("354 go ahead")
                size = 0
                while (text := self.rfile.readline()) != b".\r\n":
                    size += len(text)
                self.say(f"250 took {size}")
            elif word == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")


class Server(socketserver.ThreadingTCPServer):
    address_family = socketserver.socket.AF_INET6
    allow_reuse_address = True
    daemon_threads = True


server = Server(("::", int(sys.argv[1])), Smtp)
print("listening", flush=True)
server.serve_forever()
