says="a namespace whose Pod Security level refuses sidecar-init is skipped with the reason pod-security"
check() { skip "needs Kubernetes ≥ 1.29 (this is $(server_version))"; }
