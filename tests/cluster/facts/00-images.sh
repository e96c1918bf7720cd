says="the images have numeric users, labels, and the proxy's and the injector's have no shell"
where="outside"
check() {
    local role user
    for role in proxy injector init; do
        image=localhost/sidecar-$role:quick
        inspect_image() { "$root/tests/cluster/images.sh" podman image inspect --format "$1" "$image"; }
        user=$(inspect_image '{{.User}}')
        [ "$role" = init ] && expect "user of $role" "$user" '^0:0$' || expect "user of $role" "$user" '^6102:6102$'
        expect "title of $role" "$(inspect_image '{{index .Labels "org.opencontainers.image.title"}}')" "^sidecar-$role\$"
        note "sidecar-$role:quick: user $user, $(inspect_image '{{.Size}}' | awk '{ printf "%.1f", $1 / 1e6 }') MB (on a stand-in base)"
    done
    for role in proxy injector; do
        image=localhost/sidecar-$role:quick
        files=$("$root/tests/cluster/images.sh" podman save "$image" | python3 -c '
import io, sys, tarfile
names = []
with tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read())) as outer:
    for member in outer.getmembers():
        if member.name.endswith(".tar") and member.isfile():
            names += tarfile.open(fileobj=outer.extractfile(member)).getnames()
print("\n".join(names))')
        expect "files of $role" "$files" "usr/local/bin/sidecar-$role"
        if grep -E '(^|/)(sh|bash|dash|busybox|apt|dpkg)$' <<<"$files"; then fail "the image of $role has a shell or a package manager"; fi
    done
}
