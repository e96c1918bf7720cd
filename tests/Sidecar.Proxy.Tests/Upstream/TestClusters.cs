using System.Collections.Immutable;
using System.Net;
using System.Threading.Channels;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Tests.LoadBalancing;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Tests.Upstream;

/// <summary>Configurations, and registries that run them.</summary>
internal static class TestClusters
{
    public static ClusterConfiguration Cluster(params (string Id, Uri Address)[] destinations) => new(
        "c",
        [.. destinations.Select(destination => new DestinationConfiguration(destination.Id, destination.Address, 1))],
        Dns: null,
        LoadBalancingKind.PowerOfTwoChoices,
        UpstreamProtocol.Auto,
        new RetryBudgetPolicy(0.2, 1, TimeSpan.FromSeconds(10)),
        new ConnectionsConfiguration(1024, TimeSpan.FromSeconds(50), TimeSpan.FromMinutes(10)),
        ActiveHealthCheck: null,
        Tls: null,
        new SourceLocation("test.yaml", 1, "clusters.c"));

    public static ClusterConfiguration Cluster(Uri address) => Cluster(("a", address));

    public static ClusterConfiguration DnsCluster(string name = "api.test", int port = 80) =>
        Cluster() with { Dns = new DnsConfiguration(name, port, TimeSpan.FromSeconds(5), "http") };

    public static UpstreamClusterRegistry Registry(TimeProvider? time = null, INameResolver? resolver = null, IUpstreamEvents? events = null) =>
        new(time ?? TimeProvider.System, new SeededRandom(1), resolver ?? new ScriptedResolver(), events ?? new EventLog());

    public static UpstreamCluster Start(this UpstreamClusterRegistry registry, ClusterConfiguration cluster)
    {
        registry.Apply([cluster]);
        return registry.Find(cluster.Id)!;
    }

    public static Task<UpstreamResult> SendAsync(
        this UpstreamCluster cluster,
        string method = "GET",
        HttpContent? content = null,
        bool needsFreshConnection = false,
        TimeSpan? connectTimeout = null,
        bool isCallerHttp2 = false,
        Action<HttpRequestMessage>? customize = null,
        CancellationToken cancellationToken = default)
    {
        var destination = cluster.Destinations.All[0];
        var request = new UpstreamMessage { Method = new HttpMethod(method), RequestUri = new Uri(destination.Address, "/x"), Content = content };
        request.Headers.Add("x-first", "1");
        request.Headers.Add("x-second", "2");
        customize?.Invoke(request);
        return cluster.SendAsync(request, new UpstreamCall(destination, needsFreshConnection, connectTimeout, isCallerHttp2), cancellationToken)
            .AsTask().WaitAsync(Limits.Safety, CancellationToken.None);
    }

    /// <summary>Reads the body to its end, which gives the connection back.</summary>
    public static async Task<string> ReadAsync(this UpstreamResult result)
    {
        Assert.True(result.Response is not null, $"{result.Error}: {result.Detail}");
        using (result.Response)
        {
            return await result.Response.Content.ReadAsStringAsync().WaitAsync(Limits.Safety);
        }
    }
}

/// <summary>Answers that the test writes down before they are asked for.</summary>
internal sealed class ScriptedResolver : INameResolver
{
    private readonly Channel<Func<IPAddress[]>> _answers = Channel.CreateUnbounded<Func<IPAddress[]>>();

    public void Answer(params string[] addresses) => _answers.Writer.TryWrite(() => [.. addresses.Select(IPAddress.Parse)]);

    public void Fail(Exception exception) => _answers.Writer.TryWrite(() => throw exception);

    public async Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancellationToken) =>
        (await _answers.Reader.ReadAsync(cancellationToken))();
}

/// <summary>What was told, in order.</summary>
internal sealed class EventLog : IUpstreamEvents
{
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

    public async Task<string> NextAsync() => await _lines.Reader.ReadAsync().AsTask().WaitAsync(Limits.Safety);

    public bool IsEmpty => _lines.Reader.Count == 0;

    public void HealthChanged(Destination destination, DestinationHealth from, DestinationHealth to, string reason) =>
        _lines.Writer.TryWrite($"health {destination.Id} {from} {to}: {reason}");

    public void DnsChanged(string clusterId, string name, int added, int removed, int ignored) =>
        _lines.Writer.TryWrite($"dns {name} +{added} -{removed} ignored {ignored}");

    public void DnsFailed(string clusterId, string name, string reason, int inUse) =>
        _lines.Writer.TryWrite($"dns {name} failed: {reason}, {inUse} in use");

    public void TlsFilesReloaded(string clusterId) => _lines.Writer.TryWrite("tls reloaded");

    public void TlsFilesFailed(string clusterId, string reason) => _lines.Writer.TryWrite($"tls failed: {reason}");
}
