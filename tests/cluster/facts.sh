#!/usr/bin/env bash
# Runs the facts: facts.sh CLUSTER REGEX. A fact is a file in facts/:
#   says="what is true when it passes"
#   needs="other files' names, which must have passed in this cluster"
#   where="outside"      of the cluster's namespaces, where the package sources are; else it runs inside
#   limit="120"          seconds, at most
#   check() { … }        run with `set -e` and the words of words.sh, in a shell of its own
# `note` says what was seen, `fail` why not, `skip` why it cannot be seen here.
set -uo pipefail
here=$(dirname "$(realpath "$0")")
root=$(cd "$here/../.." && pwd)
cluster=$1 only=$2
logs=${SIDECAR_CLUSTER_LOGS:-$root/artifacts/logs/cluster}/facts
mkdir -p "$logs" "$cluster/passed"
export root cluster
passed=0 failed=0 skipped=0
declare -A outcome

property() { # property FACT NAME: what stands in a file's NAME="…"
    sed -n "s/^$2=\"\(.*\)\"\$/\1/p" "$here/facts/$1.sh"
}

perform() { # perform FACT: once; its outcome is remembered
    local fact=$1 needed says began=$SECONDS status=0 limit
    [ -z "${outcome[$fact]:-}" ] || return 0
    outcome[$fact]=running
    says=$(property "$fact" says)
    for needed in $(property "$fact" needs); do
        [ -e "$cluster/passed/$needed" ] || perform "$needed"
        if [ ! -e "$cluster/passed/$needed" ]; then
            outcome[$fact]=failed failed=$((failed + 1))
            printf 'FAILED: %s: %s\n    not looked at: it needs %s\n' "$fact" "$says" "$needed"
            return 0
        fi
    done
    rm -f "$cluster/passed/$fact"
    limit=$(property "$fact" limit)
    local enter=("$here/cluster.sh" in "$cluster")
    [ "$(property "$fact" where)" != outside ] || enter=(env)
    : >"$logs/$fact.notes"
    NOTES=$logs/$fact.notes "${enter[@]}" timeout -k 10 "${limit:-120}" \
        bash -euo pipefail -c '. "$1/words.sh"; . "$1/facts/$2.sh"; PS4="+ "; exec 9>"${NOTES%.notes}.trace"; BASH_XTRACEFD=9; set -x; check' _ "$here" "$fact" \
        >"$logs/$fact.log" 2>&1 </dev/null || status=$?
    case $status in
        0)
            outcome[$fact]=passed passed=$((passed + 1))
            touch "$cluster/passed/$fact"
            printf 'passed: %s: %s (%d s)\n' "$fact" "$says" $((SECONDS - began))
            ;;
        77)
            outcome[$fact]=skipped skipped=$((skipped + 1))
            printf 'skipped: %s: %s' "$fact" "$says"
            ;;
        *)
            outcome[$fact]=failed failed=$((failed + 1))
            [ "$status" -ne 124 ] || echo "no end within ${limit:-120} s" >>"$logs/$fact.notes"
            printf 'FAILED: %s: %s (exit code %d, %d s)\n' "$fact" "$says" "$status" $((SECONDS - began))
            ;;
    esac
    if [ "$status" -eq 77 ]; then
        printf ': %s\n' "$(tail -n 1 "$logs/$fact.notes")"
    else
        sed 's/^/    /' "$logs/$fact.notes"
    fi
    if [ "${outcome[$fact]}" = failed ]; then
        tail -n 15 "$logs/$fact.log" | cut -c1-400 | sed 's/^/    | /'
        echo "    | … the whole log: ${logs#"$root"/}/$fact.log"
        timeout 60 "$here/cluster.sh" in "$cluster" bash -c '. "$1/words.sh"; evidence' _ "$here" >"$logs/$fact.evidence" 2>&1 </dev/null
    fi
}

for file in "$here"/facts/*.sh; do
    fact=$(basename "$file" .sh)
    [[ $fact =~ $only ]] && perform "$fact"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
