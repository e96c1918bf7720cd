using System.Net;
using Sidecar.Configuration.Effective;
using static Sidecar.Configuration.Tests.Loading;

namespace Sidecar.Configuration.Tests;

public sealed class ExampleTests
{
    [Fact]
    public void Load_SmallestDocument_HasOneRouteWithRetryAndBreaker()
    {
        var configuration = Valid(Examples.Smallest);

        var route = Assert.Single(configuration.Routes);
        Assert.Equal(2, route.Policy.Retry!.MaxRetries);
        Assert.Equal(ConfigurationDefaults.Retry with { MaxRetries = 2 }, route.Policy.Retry);
        Assert.Equal(ConfigurationDefaults.CircuitBreaker, route.Policy.CircuitBreaker);
        Assert.Equal(ConfigurationDefaults.Timeouts, route.Policy.Timeouts);
        Assert.Equal(IPEndPoint.Parse("127.0.0.1:8080"), configuration.Listeners.Reverse);
        Assert.Equal(IPEndPoint.Parse("127.0.0.1:15100"), configuration.Listeners.Admin);
        Assert.Equal(IPEndPoint.Parse("[::]:15120"), configuration.Listeners.Metrics);
        Assert.Equal(new Uri("http://127.0.0.1:9000"), Assert.Single(Assert.Single(configuration.Clusters).Destinations).Address);
    }

    [Fact]
    public void Load_ShapeOfEverything_SpellsTheDefaults()
    {
        var configuration = Valid(Examples.Shape);

        Assert.Equal(ConfigurationDefaults.Limits, configuration.Limits);
        Assert.Equal(ConfigurationDefaults.Telemetry, configuration.Telemetry);
        Assert.Equal(ConfigurationDefaults.Interception, configuration.Interception);
        Assert.Equal(ConfigurationDefaults.Shutdown, configuration.Shutdown);
        Assert.Equal(IPEndPoint.Parse("[::]:15101"), configuration.Listeners.Outbound);
        Assert.Equal(IPEndPoint.Parse("[::]:15106"), configuration.Listeners.Inbound);
        var orders = configuration.Clusters.Single(cluster => cluster.Id == "orders");
        Assert.Equal(ConfigurationDefaults.Connections, orders.Connections);
        Assert.Equal(ConfigurationDefaults.RetryBudget, orders.RetryBudget);
        Assert.Equal(new ActiveHealthCheckConfiguration("/healthz", ConfigurationDefaults.HealthCheckInterval, ConfigurationDefaults.HealthCheckTimeout, ConfigurationDefaults.HealthCheckThreshold), orders.ActiveHealthCheck);
        Assert.Equal([1, 3], orders.Destinations.Select(destination => destination.Weight));
    }

    [Fact]
    public void Load_AllKeys_AreRead()
    {
        var configuration = Valid(Examples.Policies);

        Assert.Equal(new ListenersConfiguration(IPEndPoint.Parse("[::1]:8080"), null, null), configuration.Listeners);
        var steady = configuration.Routes[0].Policy;
        Assert.Equal(
            new TimeoutPolicy(TimeSpan.FromSeconds(10), false, TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(500), null, TimeSpan.FromMinutes(90), TimeSpan.FromHours(2)),
            steady.Timeouts);
        Assert.Equal(
            new RetryPolicy(
                3,
                RetryConditions.ConnectFailure | RetryConditions.GatewayError | RetryConditions.PerTryTimeout | RetryConditions.GrpcUnavailable,
                new EquatableArray<int>([429]),
                new RetryMethods(RetryMethodsKind.List, new EquatableArray<string>(["GET", "PUT"])),
                new BackoffPolicy(TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(1)),
                TimeSpan.Zero,
                1024),
            steady.Retry);
        Assert.Equal(
            new CircuitBreakerPolicy(
                BreakerScope.Route, null, 0.25, 20, TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(800), 0.9, TimeSpan.FromSeconds(1),
                TimeSpan.FromMinutes(2), 0, 3, null, 1, WhenAllOpen.TryAnyway, BreakerFailures.ServerError | BreakerFailures.Timeout | BreakerFailures.GrpcDataLoss),
            steady.CircuitBreaker);
        Assert.Equal(-1, configuration.Routes[0].Order);

        var own = configuration.Routes[1];
        Assert.True(own.Policy.Timeouts.IsRequestWritten);
        Assert.Equal(TimeSpan.FromSeconds(30), own.Policy.Timeouts.Request);
        Assert.Equal(RetryMethodsKind.All, own.Policy.Retry!.Methods.Kind);
        Assert.Equal(3, own.Policy.Retry.MaxRetries);
        Assert.Null(own.Policy.CircuitBreaker);
        Assert.Equal(["exists", "headerPrefix"], own.Match.Headers.Select(header => header.Mode));
        Assert.Equal(["sidecar", "true"], own.Transforms.Select(transform => transform.GetValueOrDefault("set") ?? transform["requestheaderscopy"]));

        Assert.Null(configuration.Routes[2].Policy.Retry);
        Assert.Null(configuration.Clusters[1].ActiveHealthCheck);
        Assert.Equal("https", configuration.Clusters[0].Dns!.Scheme);
        Assert.Equal(new TlsConfiguration(null, null, null, null), configuration.Clusters[0].Tls);
    }

    [Fact]
    public void BuiltInDefaults_Always_AreWhatAnEmptyDocumentMeans()
    {
        var result = ConfigurationLoader.Load([], [], ConfigurationEnvironment.Default);

        Assert.Empty(result.Errors);
        Assert.Equal("""{"version":1}""", result.MergedDocument);
        Assert.Equal(EffectiveDocument.Write(ConfigurationLoader.BuiltInDefaults), EffectiveDocument.Write(result.Configuration!));
        Assert.Null(result.Configuration!.Listeners.Reverse);
    }
}
