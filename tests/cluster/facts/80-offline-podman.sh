says="a pod injected offline is played by podman, and uninject gives the original back"
where="outside"
needs=""
check() {
    local work=$cluster/offline images=$root/tests/cluster/images.sh
    mkdir -p "$work"
    simple played | sed '/^metadata/a # a comment that stays' >"$work/pod.yaml"
    printf 'images: { proxy: "localhost/sidecar-proxy:quick", init: "localhost/sidecar-init:quick", pullPolicy: Never }\nnativeSidecar: never\n' >"$work/settings.yaml"
    "$injector" inject --settings "$work/settings.yaml" -f "$work/pod.yaml" >"$work/injected.yaml"
    expect "injected" "$(cat "$work/injected.yaml")" 'sidecar-proxy'
    "$injector" uninject -f "$work/injected.yaml" | diff "$work/pod.yaml" - || fail "uninject(inject(pod)) is not the pod"
    # The optional ConfigMaps do not exist; this podman does not know optional volumes.
    /usr/bin/python3 "$root/tests/cluster/for-podman.py" <"$work/injected.yaml" >"$work/play.yaml"
    local said
    said=$("$images" in bash -euc '
        podman=$1 play=$2
        trap "podman pod rm -f -t 0 played >/dev/null || echo the pod was not removed" EXIT
        podman kube play --replace --network sidecar "$play" # a run that was killed leaves one
        for i in $(seq 60); do
            ip=$(podman inspect --format "{{(index .NetworkSettings.Networks \"sidecar\").IPAddress}}" "$(podman pod inspect played --format "{{.InfraContainerID}}")")
            curl -sf -m 2 "http://$ip:15120/readyz" && break
            sleep 0.5
        done
        curl -sS -m 5 -o /dev/null -w "application: %{http_code}\n" "http://$ip:8080/healthz"
        curl -sS -m 5 "http://$ip:15120/metrics" | grep -E "^http_server_request_duration_seconds_count.*direction=\"inbound\""
    ' _ podman "$work/play.yaml" 2>&1) || { echo "$said"; fail "$(tail -n 3 <<<"$said")"; }
    echo "$said"
    expect "the application, through the proxy" "$said" 'application: 200'
    expect "the proxy's count" "$said" 'direction="inbound".* 1'
    note "podman kube play: sidecar-init wrote its rules, the application answers 200, one inbound request counted"
}
