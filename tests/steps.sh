# Sourced by the build scripts: one line of progress per step, the long output in artifacts/logs,
# and the end of it on the terminal when the step fails.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
logs=$root/artifacts/logs
mkdir -p "$logs"

# step LOG WHAT COMMAND… : runs the command, its output in artifacts/logs/LOG.log; returns its exit code.
step() {
    local log=$logs/$1.log what=$2 began=$SECONDS status=0
    shift 2
    printf '==> %s' "$what"
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ "$status" -eq 0 ]; then
        printf ' (%d s)\n' $((SECONDS - began))
    else
        printf ': FAILED with exit code %d after %d s; the end of %s:\n' "$status" $((SECONDS - began)) "${log#"$root"/}"
        tail -n 60 "$log"
    fi
    return "$status"
}

# die MESSAGE… : says why on stderr and ends the script.
die() {
    printf '%s\n' "$@" >&2
    exit 1
}
