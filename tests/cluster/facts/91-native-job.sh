says="a Job completes by itself beside a native sidecar"
check() { skip "needs Kubernetes ≥ 1.29 (this is $(server_version))"; }
