"""Sends GET requests at a fixed rate for a fixed time and prints what came back, as one line of JSON:
{"sent": 500, "status": {"200": 500}, "flags": {}, "attempts": {"1": 480, "2": 20}, "errors": {}}.
usage: load.py URL REQUESTS_PER_SECOND SECONDS [THREADS]"""
import collections
import http.client
import json
import sys
import threading
import time
import urllib.parse

url, rate, seconds = urllib.parse.urlsplit(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
threads = int(sys.argv[4]) if len(sys.argv) > 4 else 4
if rate > 500 or seconds > 300:
    sys.exit("load.py: at most 500 requests a second for 300 seconds")
status, flags, attempts, errors = (collections.Counter() for _ in range(4))
lock = threading.Lock()
began = time.monotonic()
total = int(rate * seconds)
following = iter(range(total))


def one(connection):
    connection.request("GET", url.path, headers={"host": url.netloc})
    answer = connection.getresponse()
    body = answer.read()
    attempt = "?"
    if answer.headers.get("content-type", "").startswith("application/json"):
        attempt = json.loads(body).get("headers", {}).get("x-attempt-count", "?")
    with lock:
        status[str(answer.status)] += 1
        attempts[attempt] += 1
        for flag in filter(None, (answer.headers.get("x-sidecar-flags") or "").split(",")):
            flags[flag.strip()] += 1
    if (answer.headers.get("connection") or "").lower() == "close":
        connection.close()


def work():
    connection = http.client.HTTPConnection(url.hostname, url.port or 80, timeout=30)
    while True:
        with lock:
            number = next(following, None)
        if number is None:
            return
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        try:
            one(connection)
        except Exception as error:  # every failure counts, and its kind is shown
            with lock:
                errors[f"{type(error).__name__}: {error}"] += 1
            connection.close()


workers = [threading.Thread(target=work) for _ in range(threads)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print(json.dumps({"sent": total, "status": status, "flags": flags, "attempts": attempts, "errors": errors}))
