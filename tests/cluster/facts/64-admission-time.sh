says="an admission is quick: the injector's own p99 is below 10 ms"
needs="63-injector-restart"
check() {
    local metrics=''
    for name in $(pods "$own" app.kubernetes.io/name=sidecar-injector); do
        metrics+=$(curl -sS "http://$(address "$own" "$name"):8080/metrics")$'\n'
    done
    echo "$metrics"
    said=$(/usr/bin/python3 - "$metrics" <<'PYTHON'
import collections, re, sys
buckets = collections.Counter()
for line in sys.argv[1].splitlines():
    found = re.match(r'(sidecar_injector_\w*duration_seconds)_bucket\{.*le="([^"]+)"[^}]*\} (\d+)', line)
    if found:
        buckets[float(found[2].replace("+Inf", "inf"))] += int(found[3])
total = buckets[float("inf")]
p99 = next(le for le, n in sorted(buckets.items()) if n >= 0.99 * total) if total else -1
print(f"{total} admissions, 99 % within {p99 * 1000:g} ms")
sys.exit(0 if total >= 100 and p99 <= 0.010 else 1)
PYTHON
    ) || fail "${said:-no histogram}"
    note "$said (on this machine, beside everything else that runs on it)"
}
