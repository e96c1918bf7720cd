says="Pod Security admission itself agrees with what the injector decides"
check() { skip "needs Kubernetes ≥ 1.29 (this is $(server_version))"; }
