"""What a Job does: calls the service as load.py does, prints what came back, and ends the proxy beside it, so that the pod
completes. usage: caller.py URL REQUESTS_PER_SECOND SECONDS"""
import subprocess
import sys
import urllib.request

said = subprocess.run([sys.executable, "/demo/load.py", *sys.argv[1:]], check=True, capture_output=True, text=True).stdout
urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:15100/quitquitquit", b"", {"x-sidecar-admin": "1"}), timeout=10)
print(said, end="")
