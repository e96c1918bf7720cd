says="a Job completes: in the plain form its application ends the proxy by POST /quitquitquit"
needs="20-demo"
check() {
    cat <<YAML | apply "$demo"
apiVersion: batch/v1
kind: Job
metadata: { name: work }
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      hostAliases: [{ ip: 10.96.10.10, hostnames: [orders.demo] }]
      containers:
        - name: work
          image: localhost/sidecar-demo:1
          command: [python3, /demo/caller.py, "http://orders.demo/orders/1", "5", "1"]
YAML
    eventually 60 complete
    local name
    name=$(k -n "$demo" get pods -l job-name=work -o jsonpath='{.items[0].metadata.name}')
    expect "the proxy's end" "$(k -n "$demo" get pod "$name" -o jsonpath='{.status.containerStatuses[?(@.name=="sidecar-proxy")].state.terminated.exitCode}')" '^0$'
    note "$(k -n "$demo" get job work --no-headers | tr -s ' '); proxy ended with 0; $(k -n "$demo" logs "$name" -c work --tail=1)"
    k -n "$demo" delete job work --wait=false
}
complete() { k -n "$demo" get job work -o jsonpath='{.status.succeeded}' | grep -qx 1; }
