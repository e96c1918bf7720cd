says="the API server accepts every object with strict field validation"
check() { skip "needs Kubernetes ≥ 1.29 (this is $(server_version))"; }
