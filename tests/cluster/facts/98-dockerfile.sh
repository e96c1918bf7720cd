says="podman builds the unchanged Dockerfile: three targets, native binaries compiled inside"
where="outside"
limit="1800"
check() {
    local role size version images=$root/tests/cluster/images.sh
    "$images" build
    for role in proxy injector init; do
        size=$("$images" podman image inspect --format '{{.Size}}' "localhost/sidecar-$role:built")
        version=$("$images" podman run --rm --network=none --read-only "localhost/sidecar-$role:built" --version)
        version=${version%%$'\n'*}
        expect "version of $role" "$version" "$("$images" podman image inspect --format '{{index .Labels "org.opencontainers.image.version"}}' "localhost/sidecar-$role:built")"
        note "sidecar-$role: $(awk -v n="$size" 'BEGIN { printf "%.1f", n / 1e6 }') MB on a stand-in base, $version"
        [ "$role" != proxy ] || [ "$size" -le 45000000 ] || fail "the proxy's image has $size bytes, more than 45 MB"
    done
}
