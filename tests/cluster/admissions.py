"""Creates pods by server-side dry runs at a fixed rate for a fixed time and says how many were admitted with a sidecar:
{"sent": 400, "injected": 400, "bare": 0, "refused": {}}.   usage: admissions.py CLUSTER NAMESPACE PER_SECOND SECONDS
It ends early when the file CLUSTER/admissions.stop appears."""
import collections
import json
import os
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request

cluster, namespace, rate, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
if rate > 50 or rate * seconds > 5000:
    sys.exit("admissions.py: at most 50 a second, and 5000")
token = open(f"{cluster}/token").read()
trust = ssl.create_default_context(cafile=f"{cluster}/ca.crt")
url = f"https://10.250.0.1:6443/api/v1/namespaces/{namespace}/pods?dryRun=All"
body = json.dumps({
    "apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "dry-"},
    "spec": {"containers": [{"name": "app", "image": "localhost/sidecar-demo:1"}]}}).encode()
outcome, refused = collections.Counter(), collections.Counter()
lock = threading.Lock()
total, began = int(rate * seconds), time.monotonic()
following = iter(range(total))


def one():
    request = urllib.request.Request(url, body, {"authorization": f"Bearer {token}", "content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30, context=trust) as answer:
        names = [container["name"] for container in json.load(answer)["spec"]["containers"]]
    return "injected" if "sidecar-proxy" in names else "bare"


def work():
    while True:
        with lock:
            number = next(following, None)
        if number is None or os.path.exists(f"{cluster}/admissions.stop"):
            return
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        try:
            result = one()
        except urllib.error.HTTPError as error:
            result = "refused"
            with lock:
                refused[json.load(error).get("message", str(error.code))] += 1
        with lock:
            outcome[result] += 1


workers = [threading.Thread(target=work) for _ in range(4)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print(json.dumps({"sent": sum(outcome.values()), "injected": outcome["injected"], "bare": outcome["bare"], "refused": refused}))
