using System.Net;
using System.Net.NetworkInformation;
using Sidecar.Proxy.Interception;
using Sidecar.TestKit;
using Sidecar.TestKit.Network;

namespace Sidecar.Proxy.Tests.Interception;

public class LoopGuardTests
{
    private static readonly IPEndPoint Listener = IPEndPoint.Parse("[::ffff:10.0.0.5]:15101"), Peer = IPEndPoint.Parse("10.0.0.5:40000");

    private readonly ManualTimeProvider _time = new();
    private readonly LoopGuard _guard;

    public LoopGuardTests() => _guard = new LoopGuard(
        new LocalAddresses(_time, () => [IPAddress.Parse("10.0.0.5")]),
        (peer, _) => peer.Port == 50_000,
        () => [15100, 15101]);

    [Theory]
    [InlineData(ListenerKind.Outbound, "10.9.9.9:80", "10.0.0.5:40000", null)]
    [InlineData(ListenerKind.Outbound, "10.9.9.9:15101", "10.0.0.5:40000", null)] // another pod's proxy
    [InlineData(ListenerKind.Outbound, "10.0.0.5:8080", "10.0.0.5:40000", null)] // the pod's own address
    [InlineData(ListenerKind.Outbound, "[2001:db8::1]:443", "10.0.0.5:40000", null)]
    [InlineData(ListenerKind.Inbound, "10.0.0.5:8080", "10.9.9.9:40000", null)]
    [InlineData(ListenerKind.Inbound, "127.0.0.1:8080", "10.9.9.9:40000", null)]
    [InlineData(ListenerKind.Outbound, null, "10.0.0.5:40000", "not redirected")]
    [InlineData(ListenerKind.Inbound, null, "10.0.0.5:40000", "not redirected")]
    [InlineData(ListenerKind.Outbound, "10.0.0.5:15101", "10.0.0.5:40000", "not redirected")]
    [InlineData(ListenerKind.Outbound, "10.9.9.9:80", "10.0.0.5:50000", "own connection")]
    [InlineData(ListenerKind.Inbound, "10.0.0.5:8080", "10.0.0.5:50000", "own connection")]
    [InlineData(ListenerKind.Outbound, "10.0.0.5:15100", "10.0.0.5:40000", "the proxy itself")]
    [InlineData(ListenerKind.Inbound, "127.0.0.1:15100", "10.9.9.9:40000", "the proxy itself")]
    [InlineData(ListenerKind.Inbound, "10.9.9.9:8080", "10.9.9.8:40000", "not an address of this pod")]
    public void Check_Connection_IsRefusedForItsOwnReasonOnly(ListenerKind kind, string? original, string peer, string? reason)
    {
        var refusal = _guard.Check(kind, original is null ? null : IPEndPoint.Parse(original), Listener, IPEndPoint.Parse(peer));

        Assert.Equal(reason is null, refusal is null);
        Assert.Contains(reason ?? "", refusal ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void LocalAddresses_Loopback_IsLocalWithoutALook()
    {
        var addresses = new LocalAddresses(_time, () => throw new InvalidOperationException("asked"));

        Assert.True(addresses.Contains(IPAddress.Loopback));
        Assert.True(addresses.Contains(IPAddress.Parse("127.9.9.9")));
        Assert.True(addresses.Contains(IPAddress.IPv6Loopback));
    }

    [Fact]
    public void LocalAddresses_UnknownAddress_IsLookedUpAtMostOnceASecond()
    {
        var (looks, known) = (0, new List<IPAddress> { IPAddress.Parse("10.0.0.5") });
        var addresses = new LocalAddresses(_time, () =>
        {
            looks++;
            return known;
        });
        var late = IPAddress.Parse("10.0.0.6");

        Assert.True(addresses.Contains(known[0]));
        Assert.False(addresses.Contains(late));
        known.Add(late);
        _time.Advance(TimeSpan.FromSeconds(1) - TimeSpan.FromTicks(1));
        Assert.False(addresses.Contains(late));
        Assert.Equal(1, looks);
        _time.Advance(TimeSpan.FromTicks(1));

        Assert.True(addresses.Contains(late));
        Assert.Equal(2, looks);
        _time.Advance(TimeSpan.FromDays(1));
        Assert.True(addresses.Contains(late));
        Assert.Equal(2, looks);
    }

    [Fact]
    public void LocalAddresses_LinkLocal_IsTheSameWithAnyScope()
    {
        var addresses = new LocalAddresses(_time, () => [IPAddress.Parse("fe80::1%7")]);

        Assert.True(addresses.Contains(IPAddress.Parse("fe80::1")));
        Assert.True(addresses.Contains(IPAddress.Parse("fe80::1%2")));
        Assert.False(addresses.Contains(IPAddress.Parse("fe80::2%7")));
    }

    [Fact]
    public async Task LocalAddresses_FirstLookUnderWay_OthersWaitForIt()
    {
        using var asked = new SemaphoreSlim(0);
        using var answer = new SemaphoreSlim(0);
        var own = IPAddress.Parse("10.0.0.5");
        var addresses = new LocalAddresses(_time, () =>
        {
            asked.Release();
            Assert.True(answer.Wait(Patience.Limit));
            return [own];
        });
        var isOwn = new bool[2];
        var first = new Thread(() => isOwn[0] = addresses.Contains(own));
        var second = new Thread(() => isOwn[1] = addresses.Contains(own));
        first.Start();
        await Patience.Await(asked.WaitAsync(), "the first look begins");

        second.Start();
        await Patience.Eventually(
            () => Task.FromResult(second.ThreadState is ThreadState.WaitSleepJoin or ThreadState.Stopped), "the second one waits or has its answer");
        answer.Release();

        Assert.True(first.Join(Patience.Limit) && second.Join(Patience.Limit));
        Assert.Equal([true, true], isOwn);
    }

    [Fact]
    public void LocalAddresses_KernelWillNotSay_KeepsWhatWasKnown()
    {
        var fails = false;
        var addresses = new LocalAddresses(_time, () => fails ? throw new NetworkInformationException(24) : [IPAddress.Parse("10.0.0.5")]);
        Assert.True(addresses.Contains(IPAddress.Parse("10.0.0.5")));
        fails = true;
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.False(addresses.Contains(IPAddress.Parse("10.0.0.6")));
        Assert.True(addresses.Contains(IPAddress.Parse("10.0.0.5")));
    }

    [Fact]
    public void LocalAddresses_OfThisMachine_HaveNoScope()
    {
        var addresses = new LocalAddresses(_time);
        var own = NetworkInterface.GetAllNetworkInterfaces().SelectMany(card => card.GetIPProperties().UnicastAddresses).Select(unicast => unicast.Address);

        Assert.All(own, address => Assert.True(addresses.Contains(address)));
        Assert.Null(_guard.Check(ListenerKind.Outbound, IPEndPoint.Parse("10.9.9.9:80"), Listener, Peer));
    }
}
