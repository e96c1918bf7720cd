using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Forwarding;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Telemetry;
using Sidecar.Proxy.Tests.Routing;
using Sidecar.Proxy.Tests.Upstream;
using Sidecar.TestKit.Network;

namespace Sidecar.Proxy.Tests.Forwarding;

public sealed class OpaqueForwarderTests : IAsyncDisposable
{
    private readonly RawServer _server = new();
    private readonly ClosedPort _closed = new();
    private readonly TrafficCounters _counters = new();
    private readonly List<IDisposable> _open = [];
    private readonly RunningRoutes _routes = new();

    public async ValueTask DisposeAsync()
    {
        _open.ForEach(static item => item.Dispose());
        _server.Dispose();
        _closed.Dispose();
        await _routes.DisposeAsync();
    }

    [Fact]
    public async Task NoRoute_GoesWhereTheApplicationDialled()
    {
        var forwarder = Forwarder();
        var (client, connection) = Accept(_server.Port);

        var upstream = await DialAsync(forwarder, connection);
        var served = await _server.AcceptOneAsync();
        var (local, remote) = ((IPEndPoint)upstream!.Socket.LocalEndPoint!, (IPEndPoint)upstream.Socket.RemoteEndPoint!);
        Assert.True(_routes.Dialed.Contains(local, remote));
        var carrying = forwarder.CarryAsync(connection, upstream, DetectionOutcomes.Tcp, null, CancellationToken.None);
        Assert.Equal(1, _counters.OpaqueOf(Direction.Outbound));
        await client.SendAsync("hello\n");
        Assert.Equal("hello\n", await served.ReadUntilAsync("\n"));
        await served.WriteAsync("hi");
        served.HalfClose();
        client.HalfClose();
        await Patience.Await(carrying, "both ends are done");

        Assert.Equal(0, _counters.Opaque);
        Assert.False(_routes.Dialed.Contains(local, remote));
        Assert.Equal(1, Connections("tcp", ""));
        Assert.Equal(6, _routes.Telemetry.Scrape().Sum("sidecar_opaque_bytes_total", sample => sample.Label("flow") == "sent"));
        Assert.Equal(2, _routes.Telemetry.Scrape().Sum("sidecar_opaque_bytes_total", sample => sample.Label("flow") == "received"));
        Assert.Empty(_routes.Telemetry.Lines(LogEvents.Connection));
    }

    [Fact]
    public async Task NoRoute_Refused_IsAResetForTheApplicationAndAccountedFor()
    {
        var (client, connection) = Accept(_closed.Port);

        Assert.Null(await DialAsync(Forwarder(), connection));

        Assert.Equal(ConnectionEnd.Reset, await client.WaitForEndAsync());
        Assert.Equal(("UF", "Connect failed: connection refused."), TheLine());
        Assert.Equal(1, Connections("tcp", "UF"));
        Assert.Equal(0, _counters.Opaque);
    }

    [Theory]
    [InlineData(true, "DC", "The client reset the connection.")]
    [InlineData(false, "UC", "The upstream reset the connection.")]
    public async Task Carried_ResetByOneSide_IsNamed(bool isClient, string flag, string detail)
    {
        var forwarder = Forwarder();
        _routes.Telemetry.Events.MinimumLevel = LogSeverity.Debug;
        var (client, connection) = Accept(_server.Port);
        var upstream = await DialAsync(forwarder, connection);
        var served = await _server.AcceptOneAsync();
        var carrying = forwarder.CarryAsync(connection, upstream!, DetectionOutcomes.Tls, new ClientHello("a.test", []), CancellationToken.None);

        if (isClient)
        {
            client.Reset();
            Assert.Equal(SocketError.ConnectionReset, await served.ReadToEndAsync());
        }
        else
        {
            served.Reset();
            Assert.Equal(ConnectionEnd.Reset, await client.WaitForEndAsync());
        }

        await Patience.Await(carrying, "it ends");
        Assert.Equal((flag, detail), TheLine());
        Assert.Equal("a.test", Line().GetProperty("sni").GetString());
        Assert.Equal(1, Connections("tls", flag));
        Assert.Equal(0, _counters.Opaque);
    }

    [Fact]
    public async Task Route_ByPort_GoesToItsCluster()
    {
        _routes.Apply($"db: {{ direction: outbound, match: {{ port: {_closed.Port} }}, cluster: live }}", Live());
        var forwarder = Forwarder();
        var (client, connection) = Accept(_closed.Port);

        var upstream = await DialAsync(forwarder, connection);
        var destination = Assert.Single(_routes.Clusters.Find("live")!.Destinations.All);
        Assert.Equal(1, destination.InFlight);
        var served = await _server.AcceptOneAsync();
        var carrying = forwarder.CarryAsync(connection, upstream!, DetectionOutcomes.OpaquePort, null, CancellationToken.None);
        client.HalfClose();
        served.HalfClose();
        await Patience.Await(carrying, "both ends are done");

        Assert.Equal(0, destination.InFlight);
        var sample = Assert.Single(_routes.Telemetry.Scrape().Samples, sample => sample.Name == "sidecar_opaque_connections_total");
        Assert.Equal(("outbound", "db", "opaque-port", ""), (sample.Label("direction"), sample.Label("route"), sample.Label("protocol"), sample.Label("flag")));
    }

    [Fact]
    public async Task Route_ThatFails_OpensItsBreakerAndIsNotDialledAgain()
    {
        _routes.Apply(
            $"db: {{ direction: outbound, match: {{ port: 5432 }}, cluster: dead, policy: {{ circuitBreaker: {{ consecutiveFailures: 2 }} }} }}",
            $"dead: {{ destinations: {{ a: {{ address: '{_closed.Address}' }} }} }}");
        var forwarder = Forwarder();

        foreach (var flag in new[] { "UF", "UF", "CB" })
        {
            var (client, connection) = Accept(5432);
            Assert.Null(await DialAsync(forwarder, connection));
            Assert.Equal(ConnectionEnd.Reset, await client.WaitForEndAsync());
            Assert.Equal(flag, Line().GetProperty("flags").GetString());
        }

        Assert.Equal(2, _routes.Telemetry.Scrape().Sum("sidecar_attempts_total"));
        var breaker = Assert.Single(_routes.Policies.Breakers());
        Assert.Equal((BreakerState.Open, "outbound", "db"), (breaker.State, breaker.Direction, breaker.Route));
        Assert.Equal(0, _routes.Clusters.Find("dead")!.Destinations.All[0].InFlight);
    }

    [Fact]
    public async Task Route_ThatDoesNotAnswer_EndsWithTheConnectTimeout()
    {
        using var hole = new BlackHole();
        _routes.Apply(
            "db: { direction: outbound, match: { port: 5432 }, cluster: hole, policy: { timeouts: { connect: 2s } } }",
            $"hole: {{ destinations: {{ a: {{ address: '{hole.Address}' }} }} }}");
        var (client, connection) = Accept(5432);
        var dialling = DialAsync(Forwarder(), connection);
        await Patience.Await(_routes.Time.WaitForTimersAsync(1), "the connect timeout runs");
        _routes.Time.Advance(TimeSpan.FromSeconds(2) - TimeSpan.FromTicks(1));
        Assert.False(dialling.IsCompleted);

        _routes.Time.Advance(TimeSpan.FromTicks(1));

        Assert.Null(await dialling);
        Assert.Equal(ConnectionEnd.Reset, await client.WaitForEndAsync());
        Assert.Equal(("UF", "Connect failed: connect timeout."), TheLine());
        Assert.Equal(0, _routes.Time.ActiveTimers);
    }

    [Fact]
    public async Task Route_ForwardedToOriginal_HasABreakerPerDestination()
    {
        _routes.Apply("db: { direction: outbound, match: { sni: ['*.test'] }, forwardTo: original, policy: { circuitBreaker: { consecutiveFailures: 1 } } }");
        var forwarder = Forwarder();
        var hello = new ClientHello("a.test", []);
        foreach (var flag in new[] { "UF", "CB" })
        {
            Assert.Null(await DialAsync(forwarder, Accept(_closed.Port).Connection, hello));
            Assert.Equal(flag, Line().GetProperty("flags").GetString());
        }

        var upstream = await DialAsync(forwarder, Accept(_server.Port).Connection, hello);

        await _server.AcceptOneAsync();
        upstream!.Abandon();
        Assert.Equal(
            [($"127.0.0.1:{_closed.Port}", BreakerState.Open), ($"127.0.0.1:{_server.Port}", BreakerState.Closed)],
            _routes.Policies.Breakers().Select(view => (view.Destination, view.State)).OrderBy(view => view.State != BreakerState.Open));
    }

    [Fact]
    public async Task Abandon_LeavesNothingBehind()
    {
        _routes.Apply("db: { direction: outbound, match: { port: 5432 }, cluster: live }", Live());
        var upstream = await DialAsync(Forwarder(), Accept(5432).Connection);
        var served = await _server.AcceptOneAsync();
        var (local, remote) = ((IPEndPoint)upstream!.Socket.LocalEndPoint!, (IPEndPoint)upstream.Socket.RemoteEndPoint!);

        upstream.Abandon();
        upstream.Abandon();

        Assert.True(await served.IsClosedByPeerAsync());
        Assert.False(_routes.Dialed.Contains(local, remote));
        Assert.Equal(0, _routes.Clusters.Find("live")!.Destinations.All[0].InFlight);
        Assert.DoesNotContain(_routes.Telemetry.Scrape().Samples, sample => sample.Name == "sidecar_opaque_connections_total");
    }

    [Fact]
    public async Task NeedsAnother_OnlyWhenTheNameSelectsAnotherRoute()
    {
        _routes.Apply("tls: { direction: outbound, match: { sni: [own.test] }, cluster: live }", Live());
        var forwarder = Forwarder();
        var connection = Accept(_server.Port).Connection;
        var upstream = await DialAsync(forwarder, connection);

        Assert.False(forwarder.NeedsAnother(upstream!, connection, null));
        Assert.False(forwarder.NeedsAnother(upstream!, connection, new ClientHello("other.test", [])));
        Assert.True(forwarder.NeedsAnother(upstream!, connection, new ClientHello("own.test", [])));
        upstream!.Abandon();
    }

    [Fact]
    public async Task ProcessEnds_WhileDialling_IsOver()
    {
        using var hole = new BlackHole();
        using var stopping = new CancellationTokenSource();
        var (client, connection) = Accept(new Uri(hole.Address).Port);
        var dialling = Forwarder().DialAsync(connection, null, stopping.Token).AsTask();

        await stopping.CancelAsync();

        Assert.Null(await Patience.Await(dialling, "the dial ends"));
        Assert.Equal(ConnectionEnd.Reset, await client.WaitForEndAsync());
    }

    private OpaqueForwarder Forwarder() =>
        new(_routes.TcpRoutes, _routes.Originals, _routes.Dialer, _routes.Telemetry.Telemetry, _counters, _routes.Time);

    private string Live() => $"live: {{ destinations: {{ a: {{ address: '{_server.Address}' }} }} }}";

    /// <summary>An application's connection that claims to have been dialled to a local port.</summary>
    private (RawClient Client, InterceptedConnection Connection) Accept(int port)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var client = RawClient.Connect((IPEndPoint)listener.LocalEndPoint!);
        var accepted = listener.Accept();
        _open.AddRange([client, accepted]);
        var feature = new ListenerFeature(ListenerKind.Outbound, new IPEndPoint(IPAddress.Loopback, port));
        return (client, new InterceptedConnection(accepted, feature, (IPEndPoint)accepted.RemoteEndPoint!));
    }

    private static async Task<IOpaqueUpstream?> DialAsync(OpaqueForwarder forwarder, InterceptedConnection connection, ClientHello? hello = null) =>
        await Patience.Await(forwarder.DialAsync(connection, hello, CancellationToken.None).AsTask(), "the dial ends");

    private double Connections(string protocol, string flag) => _routes.Telemetry.Scrape().Sum(
        "sidecar_opaque_connections_total", sample => sample.Label("protocol") == protocol && sample.Label("flag") == flag);

    private JsonElement Line() => _routes.Telemetry.Lines(LogEvents.Connection).Last();

    private (string? Flags, string? Detail) TheLine()
    {
        var line = Assert.Single(_routes.Telemetry.Lines(LogEvents.Connection));
        return (line.GetProperty("flags").GetString(), line.GetProperty("detail").GetString());
    }
}
