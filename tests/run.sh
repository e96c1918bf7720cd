#!/usr/bin/env bash
# Builds the solution, publishes the native binary and runs every test project once.
# The last line is `N passed, N failed, N skipped` over all projects; the exit code is 0 only when
# something passed and nothing failed. A project that does not build or crashes counts as one failure.
set -euo pipefail
. "$(dirname "$0")/steps.sh"
cd "$root"

passed=0 failed=0 skipped=0

finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}

# One failing preparation ends the run: what follows would test something else.
prepare() { "$@" || { failed=1; finish; }; }

prepare step build "build: Sidecar.sln, warnings are errors" dotnet build Sidecar.sln -v minimal --nologo
prepare tests/aot/publish.sh

# The functional suite runs in process and against this binary; without the variable it would skip the latter.
# The namespace tests of sidecar-init and the command line of the injector run against the native ones instead of this build's.
export SIDECAR_PROXY_BINARY=$root/artifacts/bin/sidecar-proxy SIDECAR_INIT_BINARY=$root/artifacts/bin/sidecar-init
export SIDECAR_INJECTOR_BINARY=$root/artifacts/bin/sidecar-injector

results=$root/artifacts/test-results
rm -rf "$results"
counter() { # counter FILE NAME: an attribute of the result file's <Counters>
    grep -o '<Counters [^>]*>' "$1" 2>/dev/null | grep -oE "\b$2=\"[0-9]+\"" | grep -oE '[0-9]+' || echo 0
}

# The framework is inside the binaries: a security fix of .NET reaches users only by a new pin.
printf '==> test: the pinned runtime patch is the newest that restores'
if tests/aot/check-runtime.sh >"$logs/check-runtime.log" 2>&1; then
    passed=$((passed + 1)) && echo ": 1 passed, 0 failed, 0 skipped"
elif grep -q 'change SidecarRuntimePatch' "$logs/check-runtime.log"; then
    failed=$((failed + 1)) && echo ": 0 passed, 1 failed, 0 skipped"
    grep 'change SidecarRuntimePatch' "$logs/check-runtime.log"
else
    skipped=$((skipped + 1)) && echo ": 0 passed, 0 failed, 1 skipped: the package source did not answer"
fi

# The interception tests need namespaces and applications; what is missing there is skipped, with the reason. What
# takes long or much memory is left to `make test-interception`.
options_of() { # options_of PROJECT: further arguments of dotnet test
    case $1 in
        Sidecar.Interception.Tests) echo --filter 'Category!=Heavy' ;;
    esac
}
tests/netns/prepare.sh
# Without it the tests of the charts are skipped, with the reason.
tests/helm/tools.sh

run_project() { # run_project PROJECT NAME
    # A test that hangs is named by --blame-hang and fails its project; the outer limit is for a host that hangs itself.
    # shellcheck disable=SC2046 # the options are words
    timeout -k 10 1500 dotnet test "$1" $(options_of "$2") --no-build --nologo -v minimal --results-directory "$results" \
        --logger "trx;LogFileName=$2.trx" --blame-hang-timeout 4m --blame-hang-dump-type none \
        >"$logs/test-$2.log" 2>&1 </dev/null
}

for project in tests/*/*Tests.csproj; do
    name=$(basename "$project" .csproj) status=0
    printf '==> test: %s' "$name"
    run_project "$project" "$name" || status=$?
    if [ "$status" -ne 0 ] && [ "$(counter "$results/$name.trx" failed)" -eq 0 ]; then
        # No failed test but a failed run: the runner itself crashed or hung. Said, and tried once more.
        printf ' (the runner ended with %s and no failed test; once more)' "$status"
        mv "$logs/test-$name.log" "$logs/test-$name.first.log"
        rm -f "$results/$name.trx"
        status=0
        run_project "$project" "$name" || status=$?
    fi

    total=$(counter "$results/$name.trx" total) executed=$(counter "$results/$name.trx" executed)
    ok=$(counter "$results/$name.trx" passed) bad=$(counter "$results/$name.trx" failed)
    # No failed test but a failed run: the host crashed or hung.
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + total - executed))
    echo ": $ok passed, $bad failed, $((total - executed)) skipped"
    if [ "$bad" -gt 0 ]; then
        grep -aE '\[FAIL\]' "$logs/test-$name.log" | head -n 40 || true
        tail -n 60 "$logs/test-$name.log" | cut -c1-300
    fi
done

finish
