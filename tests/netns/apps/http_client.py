"""Python's own HTTP clients against echo_server.py: http_client.py HOST PORT. Ends with `done`, or with what was wrong."""
import hashlib
import http.client
import json
import sys
import urllib.error
import urllib.request

host, port = sys.argv[1], int(sys.argv[2])
url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def check(name, seen, wanted):
    if seen != wanted:
        sys.exit(f"{name}: {seen!r} instead of {wanted!r}")


# urllib: a connection per request.
answer = json.load(urllib.request.urlopen(f"{url}/a%2Fb?x=1", timeout=20))
check("urllib target", answer["target"], "/a%2Fb?x=1")
posted = json.load(urllib.request.urlopen(urllib.request.Request(f"{url}/post", data=b"x" * 100_000, headers={"x-test": "1"}), timeout=20))
check("urllib post", (posted["method"], posted["length"], posted["x-test"]), ("POST", 100_000, ["1"]))

# http.client: many requests on one connection, every kind of body.
connection = http.client.HTTPConnection(host, port, timeout=20)
for number in range(20):
    connection.request("GET", f"/{number}")
    response = connection.getresponse()
    check("keep-alive", json.loads(response.read())["target"], f"/{number}")
connection.request("HEAD", "/head")
response = connection.getresponse()
check("head", (response.status, response.read(), response.getheader("x-answer")), (200, b"", "yes"))
chunks = [bytes([number]) * 5000 for number in range(50)]
connection.request("PUT", "/chunked", body=iter(chunks), encode_chunked=True)
check("chunked", json.loads(connection.getresponse().read())["sha256"], hashlib.sha256(b"".join(chunks)).hexdigest())
connection.request("BREW", "/pot")
check("unknown method", json.loads(connection.getresponse().read())["method"], "BREW")
connection.putrequest("GET", "/repeated")
connection.putheader("x-test", "1")
connection.putheader("x-test", "2")
connection.endheaders()
# Joined or apart is the corpus' question; for an application both are the same list.
check("repeated header", ", ".join(json.loads(connection.getresponse().read())["x-test"]), "1, 2")
connection.close()

# One that asks to close.
connection = http.client.HTTPConnection(host, port, timeout=20)
connection.request("GET", "/last", headers={"connection": "close"})
response = connection.getresponse()
check("close", json.loads(response.read())["target"], "/last")
print("done", flush=True)
