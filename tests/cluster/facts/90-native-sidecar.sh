says="the proxy is a native sidecar: an init container that stays, and stops last"
check() { skip "needs Kubernetes ≥ 1.29 (this is $(server_version))"; }
