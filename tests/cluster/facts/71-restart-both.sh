says="a rolling restart of client and service together, outbound and inbound, loses no request"
needs="20-demo"
limit="180"
check() {
    # The clients run in their own pods to their end, as a Job does, and new ones start meanwhile.
    k -n "$demo" delete job caller --ignore-not-found
    cat <<YAML | apply "$demo"
apiVersion: batch/v1
kind: Job
metadata: { name: caller }
spec:
  parallelism: 2
  completions: 4
  backoffLimit: 0
  template:
    metadata: { labels: { app: caller } }
    spec:
      restartPolicy: Never
      hostAliases: [{ ip: 10.96.10.10, hostnames: [orders.demo] }]
      containers:
        - name: caller
          image: localhost/sidecar-demo:1
          command: [python3, /demo/caller.py, "http://orders.demo/orders/1", "50", "12"]
YAML
    sleep 4
    k -n "$demo" rollout restart deployment/orders
    k -n "$demo" rollout status deployment/orders --timeout=60s
    eventually 90 complete
    local said
    said=$(k -n "$demo" logs -l app=caller -c caller --tail=1)
    echo "$said"
    expect "callers" "$(wc -l <<<"$said")" '^4$'
    expect "answers" "$(evaluate "[$(paste -sd, <<<"$said")]" 'all(one["status"] == {"200": 600} and not one["errors"] for one in it)')" '^true$'
    k -n "$demo" delete job caller --wait=false
    note "4 callers of 600 requests, 2 at a time: all 200"
}
complete() { k -n "$demo" get job caller -o jsonpath='{.status.succeeded}' | grep -qx 4; }
