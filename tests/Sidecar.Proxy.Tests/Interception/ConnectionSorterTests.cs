using System.Collections.Concurrent;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Interception;
using Sidecar.TestKit.Network;

namespace Sidecar.Proxy.Tests.Interception;

public class ConnectionSorterTests
{
    private const string Request = "GET /orders HTTP/1.1\r\nHost: a.test\r\n\r\n";
    private const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0";

    [Theory]
    [InlineData(Request, "http1")]
    [InlineData(Preface, "http2")]
    public async Task ClientFirst_Http_IsHandedOverUntouched(string bytes, string outcome)
    {
        await using var rig = new SorterRig();
        using var client = rig.Connect();
        await client.SendAsync(bytes);

        var (http, seen) = await rig.AcceptHttpAsync(bytes.Length);

        Assert.Equal(bytes, seen);
        var feature = http.Features.Get<ListenerFeature>()!;
        Assert.Equal((ListenerKind.Outbound, rig.Original, null), (feature.Kind, feature.Original, feature.Refusal));
        Assert.Equal(outcome == "http2", http.Features.Get<ITlsApplicationProtocolFeature>() is not null);
        Assert.Equal(1, rig.Detected(outcome));
        Assert.Equal(0, rig.Forwarder.Dialled);
        Assert.Equal(1, rig.Counters.ConnectionsOf(Direction.Outbound));
        await rig.EndHttpAsync(http);
        await rig.AssertNothingOpenAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Http1_CallerEndsItsHalf_IsThereStillWhenItSaidSo(bool isLast)
    {
        await using var rig = new SorterRig();
        using var client = rig.Connect();
        await client.SendAsync(Request);
        var (http, _) = await rig.AcceptHttpAsync(Request.Length);
        var heartbeat = new Heartbeat();
        http.Features.Set<IConnectionHeartbeatFeature>(heartbeat);

        http.Features.Get<ListenerFeature>()!.Caller!.RequestBegins(isLast);
        client.HalfClose();

        if (isLast)
        {
            await Patience.Eventually(() => Task.FromResult(heartbeat.Beat()), "the end is seen");
            Assert.False(http.ConnectionClosed.IsCancellationRequested);
            client.Reset();
        }

        // A reset is told to nobody who does not ask.
        await Patience.Eventually(
            () =>
            {
                heartbeat.Beat();
                return Task.FromResult(http.ConnectionClosed.IsCancellationRequested);
            },
            "the caller is gone");
        await rig.EndHttpAsync(http);
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task Http1_EndIsThereBeforeItsRequest_IsGoneUnlessItSaidSo()
    {
        await using var rig = new SorterRig();
        using var client = rig.Connect();
        await client.SendAsync(Request);
        client.HalfClose();
        var (http, _) = await rig.AcceptHttpAsync(Request.Length);
        var read = await Patience.Await(http.Transport.Input.ReadAsync().AsTask(), "the end is read");
        Assert.True(read.IsCompleted);
        Assert.False(http.ConnectionClosed.IsCancellationRequested);

        http.Features.Get<ListenerFeature>()!.Caller!.RequestBegins(isLast: false);

        await Patience.Eventually(() => Task.FromResult(http.ConnectionClosed.IsCancellationRequested), "the caller is gone");
        await rig.EndHttpAsync(http);
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task ClientFirst_HttpInPieces_IsHandedOverWhenItIsSure()
    {
        await using var rig = new SorterRig();
        using var client = rig.Connect();
        await client.SendAsync("GET /ord");
        await rig.ArrivedAsync(8);
        await Patience.Eventually(() => Task.FromResult(rig.Time.NextDueIn < SorterRig.Detection), "the pause between two looks begins");

        await client.SendAsync(Request[8..]);
        await rig.ArrivedAsync(Request.Length);
        rig.Time.AdvanceToNextTimer();

        var (http, seen) = await rig.AcceptHttpAsync(Request.Length);
        Assert.Equal(Request, seen);
        Assert.Equal(0, rig.Forwarder.Dialled);
        await rig.EndHttpAsync(http);
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task ClientFirst_OtherBytes_AreCarriedUntouched()
    {
        await using var rig = new SorterRig();
        using var client = rig.Connect();
        await client.SendAsync("*1\r\n$4\r\nPING\r\n");

        var upstream = await rig.Server.AcceptOneAsync();

        Assert.Equal("*1\r\n$4\r\nPING\r\n", await upstream.ReadUntilAsync("PING\r\n"));
        Assert.Equal(("tcp", null), await rig.Forwarder.CarriedAsync());
        Assert.Equal(1, rig.Detected("tcp"));
        client.HalfClose();
        Assert.True(await upstream.IsClosedByPeerAsync());
        upstream.HalfClose();
        Assert.Equal(ConnectionEnd.Closed, await client.WaitForEndAsync());
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task ClientFirst_ForwardProxyRequest_IsCarriedOutboundAndReadInbound()
    {
        const string Connect = "CONNECT a.test:443 HTTP/1.1\r\n\r\n";
        await using var outbound = new SorterRig();
        await using var inbound = new SorterRig(ListenerKind.Inbound);
        using var one = outbound.Connect();
        using var other = inbound.Connect();
        await one.SendAsync(Connect);
        await other.SendAsync(Connect);

        Assert.Equal("tcp", (await outbound.Forwarder.CarriedAsync()).Outcome);
        var (http, _) = await inbound.AcceptHttpAsync(Connect.Length);
        Assert.Equal(1, inbound.Counters.ConnectionsOf(Direction.Inbound));
        await inbound.EndHttpAsync(http);
    }

    [Fact]
    public async Task Silence_OfBothSides_StaysUndecidedUntilTheClientSpeaksHttp()
    {
        await using var rig = new SorterRig();
        var (client, upstream) = await rig.ConnectSilentlyAsync();
        using var _ = client;
        rig.Time.Advance(TimeSpan.FromHours(1));
        Assert.False(rig.Forwarder.HasCarried);

        await client.SendAsync(Request);
        var (http, seen) = await rig.AcceptHttpAsync(Request.Length);

        Assert.Equal(Request, seen);
        Assert.True(await upstream.IsClosedByPeerAsync());
        Assert.Equal((1, 1), (rig.Forwarder.Dialled, rig.Forwarder.Abandoned));
        Assert.Empty(rig.ServerFirst.All);
        await rig.EndHttpAsync(http);
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task Silence_ThenTheClientSpeaksSomethingElse_GoesOnWithTheDialledUpstream()
    {
        await using var rig = new SorterRig();
        var (client, upstream) = await rig.ConnectSilentlyAsync();
        using var _ = client;

        await client.SendAsync("\u0010\u000c\0\u0004MQTT");

        Assert.Equal("\u0010\u000c\0\u0004MQTT", await upstream.ReadUntilAsync("MQTT"));
        Assert.Equal(("tcp", null), await rig.Forwarder.CarriedAsync());
        Assert.Equal((1, 0), (rig.Forwarder.Dialled, rig.Forwarder.Abandoned));
        upstream.Reset();
        Assert.Equal(ConnectionEnd.Reset, await client.WaitForEndAsync());
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task Silence_ThenTheServerSpeaks_IsCarriedAndLearned()
    {
        await using var rig = new SorterRig();
        var (client, upstream) = await rig.ConnectSilentlyAsync();
        using var _ = client;

        await upstream.WriteAsync("220 mail.test\r\n");

        await Patience.Await(client.Reader.ReadThroughAsync("220 mail.test\r\n"u8.ToArray()), "the greeting arrives");
        Assert.Equal(("server-first", null), await rig.Forwarder.CarriedAsync());
        Assert.True(rig.ServerFirst.Contains(rig.Original!));
        Assert.Equal(1, rig.Detected("server-first"));

        // The next one does not wait.
        using var next = rig.Connect();
        var nextUpstream = await rig.Server.AcceptOneAsync();
        Assert.Equal(("server-first-known", null), await rig.Forwarder.CarriedAsync());
        Assert.Equal(0, rig.Time.ActiveTimers);
        next.HalfClose();
        nextUpstream.HalfClose();
        client.HalfClose();
        upstream.HalfClose();
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task ServerFirst_ThenTheClientResets_TheServerSeesAReset()
    {
        await using var rig = new SorterRig();
        var (client, upstream) = await rig.ConnectSilentlyAsync();
        await upstream.WriteAsync("220\r\n");
        await Patience.Await(client.Reader.ReadThroughAsync("220\r\n"u8.ToArray()), "the greeting arrives");

        client.Reset();

        Assert.Equal(SocketError.ConnectionReset, await upstream.ReadToEndAsync());
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task Silence_ThenTheServerSendsHttp2Settings_IsHttpWhenTheClientSpeaks()
    {
        await using var rig = new SorterRig();
        var (client, upstream) = await rig.ConnectSilentlyAsync();
        using var _ = client;

        await upstream.WriteAsync([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100]);
        await client.SendAsync(Preface);

        var (http, seen) = await rig.AcceptHttpAsync(Preface.Length);
        Assert.Equal(Preface, seen);
        Assert.Empty(rig.ServerFirst.All);
        Assert.Equal(1, rig.Forwarder.Abandoned);
        await rig.EndHttpAsync(http);
        await rig.AssertNothingOpenAsync();
    }

    // The network may cut a frame anywhere. Taken for a greeting it would be learned, and the next HTTP/2 clients lose their policies.
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    public async Task Silence_ThenHttp2SettingsInPieces_AreNoGreeting(int cut)
    {
        byte[] settings = [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100];
        await using var rig = new SorterRig();
        var (client, upstream) = await rig.ConnectSilentlyAsync();
        using var _ = client;

        await upstream.WriteAsync(settings[..cut]);
        await Patience.Eventually(() => Task.FromResult(rig.Time.NextDueIn < SorterRig.Detection), "the pause between two looks begins");
        await upstream.WriteAsync(settings[cut..]);
        await Patience.Eventually(
            () =>
            {
                rig.Time.AdvanceToNextTimer();
                return Task.FromResult(rig.Time.ActiveTimers == 0);
            },
            "the frame is recognised");
        Assert.False(rig.Forwarder.HasCarried);
        await client.SendAsync(Preface);

        var (http, seen) = await rig.AcceptHttpAsync(Preface.Length);
        Assert.Equal(Preface, seen);
        Assert.Empty(rig.ServerFirst.All);
        await rig.EndHttpAsync(http);
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task Silence_ThenAFragmentThatCouldBeSettings_IsAGreetingInTheEnd()
    {
        await using var rig = new SorterRig();
        var (client, upstream) = await rig.ConnectSilentlyAsync();
        using var _ = client;

        await upstream.WriteAsync([0, 0]);
        await Patience.Eventually(
            () =>
            {
                rig.Time.AdvanceToNextTimer();
                return Task.FromResult(rig.Forwarder.HasCarried);
            },
            "the fragment is carried");

        Assert.Equal(("server-first", null), await rig.Forwarder.CarriedAsync());
        Assert.Single(rig.ServerFirst.All);
        client.HalfClose();
        upstream.HalfClose();
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task Silence_ThenTheServerEnds_TheClientSeesTheEnd()
    {
        await using var rig = new SorterRig();
        var (client, upstream) = await rig.ConnectSilentlyAsync();
        using var _ = client;

        upstream.HalfClose();

        Assert.Equal(ConnectionEnd.Closed, await client.WaitForEndAsync());
        Assert.Equal(("silent", null), await rig.Forwarder.CarriedAsync());
        Assert.Empty(rig.ServerFirst.All);
        client.HalfClose();
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task Silence_ThenTheServerResets_TheClientSeesAReset()
    {
        await using var rig = new SorterRig();
        var (client, upstream) = await rig.ConnectSilentlyAsync();
        using var _ = client;

        upstream.Reset();

        Assert.Equal(ConnectionEnd.Reset, await client.WaitForEndAsync());
        Assert.Empty(rig.ServerFirst.All);
        Assert.Equal(1, rig.Detected("silent"));
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task Silence_AndTheServerResetsAtOnce_TheClientSeesAReset()
    {
        await using var rig = new SorterRig();
        rig.Forwarder.BeforeDialled = async socket =>
        {
            // The reset is there before anybody watches.
            (await rig.Server.AcceptOneAsync()).Reset();
            await Patience.Eventually(() => Task.FromResult(socket.Poll(0, SelectMode.SelectError)), "the reset arrives");
        };
        using var client = rig.Connect();
        await rig.ElapseDetectionAsync();

        Assert.Equal(ConnectionEnd.Reset, await client.WaitForEndAsync());
        Assert.False(rig.Forwarder.HasCarried);
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task Silence_ThenTheClientResets_TheUpstreamIsAbandoned()
    {
        await using var rig = new SorterRig();
        var (client, upstream) = await rig.ConnectSilentlyAsync();

        client.Reset();

        Assert.True(await upstream.IsClosedByPeerAsync());
        Assert.Equal(1, rig.Forwarder.Abandoned);
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task Silence_ThenTheClientEnds_IsCarriedToItsEnd()
    {
        await using var rig = new SorterRig();
        var (client, upstream) = await rig.ConnectSilentlyAsync();
        using var _ = client;

        client.HalfClose();

        Assert.True(await upstream.IsClosedByPeerAsync());
        await upstream.WriteAsync("late");
        upstream.HalfClose();
        await Patience.Await(client.Reader.ReadThroughAsync("late"u8.ToArray()), "the answer arrives");
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task Silence_AndTheDialFails_IsOver()
    {
        await using var rig = new SorterRig();
        rig.Forwarder.Refuses = true;
        using var client = rig.Connect();
        await rig.ElapseDetectionAsync();

        Assert.Equal(ConnectionEnd.Reset, await client.WaitForEndAsync());
        Assert.Equal(1, rig.Detected("silent"));
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task ClientFirst_ResetAtOnce_LeavesNothing()
    {
        await using var rig = new SorterRig();
        var client = rig.Connect();
        await Patience.Await(rig.Time.WaitForTimersAsync(1), "the detection time begins");

        client.Reset();

        await rig.AssertNothingOpenAsync();
        Assert.Equal(0, rig.Forwarder.Dialled);
        Assert.Equal(0, rig.Time.ActiveTimers);
    }

    [Fact]
    public async Task Fragment_ThenSilence_IsCarriedAsTcp()
    {
        await using var rig = new SorterRig();
        using var client = rig.Connect();
        await client.SendAsync("HELLO ");
        await rig.ArrivedAsync(6);
        await Patience.Eventually(() => Task.FromResult(rig.Time.NextDueIn < SorterRig.Detection), "the pause between two looks begins");

        var carried = rig.Forwarder.CarriedAsync();
        var looks = 0;
        while (rig.Time.Elapsed < SorterRig.Detection * 10)
        {
            looks++;
            await Patience.Await(rig.Time.WaitForTimersAsync(1), "the next look is awaited");
            Assert.False(carried.IsCompleted);
            rig.Time.AdvanceToNextTimer();
        }

        Assert.Equal(("tcp", null), await carried);
        Assert.InRange(looks, 10, 40);
        var upstream = await rig.Server.AcceptOneAsync();
        Assert.Equal("HELLO ", await upstream.ReadUntilAsync("HELLO "));
        client.HalfClose();
        upstream.HalfClose();
        await rig.AssertNothingOpenAsync();
    }

    [Theory]
    [InlineData(true, "opaque-port")]
    [InlineData(false, "server-first-known")]
    public async Task WrittenPort_IsCarriedAtOnce(bool isOpaque, string outcome)
    {
        await using var rig = new SorterRig(settings: port => new InterceptionConfiguration(SorterRig.Detection, isOpaque ? [port] : [], isOpaque ? [] : [port]));
        using var client = rig.Connect();

        // Nobody has spoken, and the clock stands still.
        var upstream = await rig.Server.AcceptOneAsync();

        Assert.Equal((outcome, null), await rig.Forwarder.CarriedAsync());
        Assert.Equal(0, rig.Time.ActiveTimers);
        Assert.Empty(rig.ServerFirst.All);
        await client.SendAsync(Request);
        Assert.Equal(Request, await upstream.ReadHeadAsync());
        client.HalfClose();
        upstream.HalfClose();
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task Silence_ThenTlsForAnotherDestination_DialsThatOne()
    {
        await using var rig = new SorterRig();
        rig.Forwarder.OwnRouteOf = "own.test";
        var (client, first) = await rig.ConnectSilentlyAsync();
        using var _ = client;
        using var tls = new SslStream(client.Stream);
        var handshake = tls.AuthenticateAsClientAsync("own.test");

        var second = await rig.Server.AcceptOneAsync();

        Assert.Equal(("tls", "own.test"), await rig.Forwarder.CarriedAsync());
        Assert.True(await first.IsClosedByPeerAsync());
        Assert.Equal((2, 1), (rig.Forwarder.Dialled, rig.Forwarder.Abandoned));
        second.Reset();
        await Assert.ThrowsAsync<IOException>(() => Patience.Await(handshake, "the handshake fails"));
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task ConnectionLimit_OneMore_IsResetAndCounted()
    {
        await using var rig = new SorterRig(connectionLimit: 1);
        using var first = rig.Connect();
        await first.SendAsync(Request);
        var (http, _) = await rig.AcceptHttpAsync(Request.Length);

        using var second = rig.Connect();

        Assert.Equal(ConnectionEnd.Reset, await second.WaitForEndAsync());
        await Patience.Eventually(() => Task.FromResult(rig.Counters.Connections == 1), "only the first is open");
        Assert.Equal(1, rig.Counters.ConnectionsRefused);
        Assert.Equal(1, rig.Refused("OV"));
        await rig.EndHttpAsync(http);
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task DirectDial_Http_IsHandedOverToBeRefused()
    {
        await using var rig = new SorterRig(isRedirected: false);
        using var client = rig.Connect();
        await client.SendAsync(Request);

        var (http, seen) = await rig.AcceptHttpAsync(Request.Length);

        Assert.Equal(Request, seen);
        Assert.Contains("not redirected", http.Features.Get<ListenerFeature>()!.Refusal, StringComparison.Ordinal);
        Assert.Equal(1, rig.Detected("refused"));
        Assert.Equal(0, rig.Detected("http1"));
        Assert.Equal(0, rig.Refused("LD"));
        await rig.EndHttpAsync(http);
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task DirectDial_OtherBytesOrSilence_IsResetAndCounted()
    {
        await using var rig = new SorterRig(isRedirected: false);
        using var speaker = rig.Connect();
        await speaker.SendAsync("*1\r\n");
        Assert.Equal(ConnectionEnd.Reset, await speaker.WaitForEndAsync());

        using var silent = rig.Connect();
        await rig.ElapseDetectionAsync();
        Assert.Equal(ConnectionEnd.Reset, await silent.WaitForEndAsync());

        await rig.AssertNothingOpenAsync();
        Assert.Equal(2, rig.Detected("refused"));
        Assert.Equal(2, rig.Refused("LD"));
        Assert.Equal(0, rig.Forwarder.Dialled);
        Assert.Equal(2, rig.Telemetry.Lines(Sidecar.Proxy.Telemetry.LogEvents.LoopRefused).Length);
    }

    [Fact]
    public async Task StopAccepting_ConnectionUnderWay_IsStillHandedOver()
    {
        await using var rig = new SorterRig();
        using var client = rig.Connect();
        await Patience.Await(rig.Time.WaitForTimersAsync(1), "the detection time begins");
        rig.Listener.StopAccepting();
        Assert.Throws<SocketException>(() => rig.Connect());

        await client.SendAsync(Request);

        var (http, seen) = await rig.AcceptHttpAsync(Request.Length);
        Assert.Equal(Request, seen);
        await rig.EndHttpAsync(http);
        await rig.AssertNothingOpenAsync();
    }

    [Fact]
    public async Task Unbound_ConnectionUnderWay_IsDroppedAndNotCountedForEver()
    {
        await using var rig = new SorterRig();
        using var client = rig.Connect();
        await Patience.Await(rig.Time.WaitForTimersAsync(1), "the detection time begins");
        await rig.Listener.UnbindAsync();

        await client.SendAsync(Request);

        await client.WaitForEndAsync();
        await rig.AssertNothingOpenAsync();
        Assert.Null(await Patience.Await(rig.Listener.AcceptAsync().AsTask(), "the listener has ended"));
    }

    [Fact]
    public async Task Disposed_EverythingUnderWay_Ends()
    {
        await using var rig = new SorterRig();
        var (waiting, upstream) = await rig.ConnectSilentlyAsync();
        using var _ = waiting;
        using var carried = rig.Connect();
        await carried.SendAsync("*1\r\n");
        await rig.Forwarder.CarriedAsync();
        using var silent = rig.Connect();
        await Patience.Await(rig.Time.WaitForTimersAsync(1), "the detection time begins");

        await rig.Listener.DisposeAsync();

        await waiting.WaitForEndAsync();
        await carried.WaitForEndAsync();
        await silent.WaitForEndAsync();
        Assert.True(await upstream.IsClosedByPeerAsync());
        await rig.AssertNothingOpenAsync();
    }

    private sealed class Heartbeat : IConnectionHeartbeatFeature
    {
        private readonly ConcurrentQueue<(Action<object> Action, object State)> _actions = [];

        public void OnHeartbeat(Action<object> action, object state) => _actions.Enqueue((action, state));

        public bool Beat()
        {
            foreach (var (action, state) in _actions)
            {
                action(state);
            }

            return !_actions.IsEmpty;
        }
    }
}
