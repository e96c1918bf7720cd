using System.Text.Json;

namespace Sidecar.Interception.Tests.Lifecycle;

/// <summary>
/// What a pod grants the proxy: a read-only root without <c>/tmp</c>, no <c>HOME</c>, a user without capabilities, one writable directory of a few
/// megabytes. A runtime that wants a socket or an extraction folder somewhere would show here.
/// </summary>
public sealed class ReadOnlyRootTests : IInterceptedSuite
{
    private const string Script = """
        set -eu
        root=$1
        ip link set lo up
        mkdir -p "$root/usr/local/bin" "$root/usr/lib" "$root/lib" "$root/lib64" "$root/proc" "$root/sys" "$root/dev" "$root/var/lib/sidecar"
        cp "$2" "$root/usr/local/bin/"
        mount --bind "$root" "$root"
        for dir in lib lib64 usr/lib; do [ ! -d "/$dir" ] || mount --bind -o ro "/$dir" "$root/$dir"; done
        mount --rbind /dev "$root/dev"
        mount --rbind /sys "$root/sys"
        mount -t proc proc "$root/proc"
        mount -t tmpfs -o size=8m,uid=6102,gid=6102,mode=0755 tmpfs "$root/var/lib/sidecar"
        mount -o remount,ro,bind "$root"
        ! touch "$root/writable" 2>/dev/null || { echo "the root is writable"; exit 1; }
        in_pod() { exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin setpriv --no-new-privs chroot --userspec=6102:6102 "$root" /usr/local/bin/sidecar-proxy "$@"; }
        (in_pod run --pod --config-optional /etc/sidecar/platform/sidecar.yaml --config-optional /etc/sidecar/policies/sidecar.yaml \
            --state-dir /var/lib/sidecar --on-invalid last-good --set /shutdown.grace=2s) > "$1.log" 2>&1 &
        (in_pod wait --timeout 25s)
        (in_pod drain --timeout 10s)
        kill -TERM $!
        code=0
        wait $! || code=$?
        cat "$1.log" "$root/var/lib/sidecar/last-good.json"
        exit $code
        """;

    [NetnsFact(Needs = "unshare chroot")]
    public async Task Run_AsAPodDoes_StartsDrainsAndEnds()
    {
        var root = Workbench.NewFolder();
        var script = Workbench.Write("read-only.sh", Script);

        var result = await Command.TryAsync(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", script, root, Binaries.Proxy]);

        Assert.True(result.ExitCode == 0, result.ToString());
        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var events = lines[..^1].Select(line => JsonDocument.Parse(line).RootElement.Text("event")).ToArray();
        Assert.Equal(4, events.Count(name => name == "listening"));
        Assert.Equal("stopped", events[^1]);
        Assert.DoesNotContain("state-failed", events);
        Assert.Equal(1, JsonDocument.Parse(lines[^1]).RootElement.Number("version"));
    }
}
