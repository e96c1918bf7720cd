using System.Collections.Immutable;
using Sidecar.Configuration.Effective;
using Sidecar.Configuration.Validation;

namespace Sidecar.Configuration.Keys;

/// <summary><c>clusters.&lt;id&gt;</c>.</summary>
internal static class ClusterKeys
{
    /// <summary>Written destinations.</summary>
    public static readonly ConfigurationKey<ImmutableArray<DestinationConfiguration>> Destinations = new(
        "destinations",
        new MapShape<DestinationConfiguration>("destination", DestinationKeys.Shape, destination => destination.Id, minItems: 1),
        isRequired: false,
        "Destinations by id; this or dns.");

    /// <summary>Destinations by name.</summary>
    public static readonly ConfigurationKey<DnsConfiguration> Dns = new(
        "dns", DnsKeys.Shape, isRequired: false, "Every A and AAAA record of a name is a destination; this or destinations.");

    /// <summary>Choice.</summary>
    public static readonly ConfigurationKey<LoadBalancingKind> LoadBalancing = new(
        "loadBalancing",
        new TokenShape<LoadBalancingKind>(
            ("powerOfTwoChoices", LoadBalancingKind.PowerOfTwoChoices),
            ("leastRequests", LoadBalancingKind.LeastRequests),
            ("roundRobin", LoadBalancingKind.RoundRobin),
            ("random", LoadBalancingKind.Random),
            ("peakEwma", LoadBalancingKind.PeakEwma),
            ("ringHash", LoadBalancingKind.RingHash)),
        ConfigurationDefaults.LoadBalancing,
        "How a destination is chosen.");

    /// <summary>Protocol.</summary>
    public static readonly ConfigurationKey<UpstreamProtocol> Protocol = new(
        "protocol",
        new TokenShape<UpstreamProtocol>(("auto", UpstreamProtocol.Auto), ("http1", UpstreamProtocol.Http1), ("http2", UpstreamProtocol.Http2)),
        ConfigurationDefaults.Protocol,
        "auto is what the caller spoke (over TLS, ALPN decides); http2 is h2c or TLS by scheme.");

    /// <summary>Budget.</summary>
    public static readonly ConfigurationKey<RetryBudgetPolicy> RetryBudget = new(
        "retryBudget",
        RetryBudgetKeys.Shape,
        ConfigurationDefaults.RetryBudget,
        "Retries of all its routes: at most ratio × requests in the window + minPerSecond × window; exhausted: the last outcome passes through, flag RB.");

    /// <summary>Pool.</summary>
    public static readonly ConfigurationKey<ConnectionsConfiguration> Connections = new(
        "connections", ConnectionsKeys.Shape, ConfigurationDefaults.Connections, "The pool of each destination.");

    /// <summary>Health.</summary>
    public static readonly ConfigurationKey<ActiveHealthCheckConfiguration?> HealthCheck = new(
        "healthCheck", HealthCheckKeys.Shape, null, "How destinations are checked.");

    /// <summary>TLS.</summary>
    public static readonly ConfigurationKey<TlsConfiguration> Tls = new(
        "tls", TlsKeys.Shape, isRequired: false, "TLS towards the destinations; it is on for an https:// address or dns.scheme https.");

    /// <summary>A cluster.</summary>
    public static readonly ObjectShape<ClusterConfiguration> Shape = new(
        "a cluster",
        [Destinations, Dns, LoadBalancing, Protocol, RetryBudget, Connections, HealthCheck, Tls],
        view => new ClusterConfiguration(
            view.Id,
            view.Has(Destinations) ? view.Get(Destinations) : [],
            view.Get(Dns),
            view.Get(LoadBalancing),
            view.Get(Protocol),
            view.Get(RetryBudget),
            view.Get(Connections),
            view.Get(HealthCheck),
            view.Get(Tls),
            view.Node.Location),
        (builder, cluster) => builder
            .SetIfAny(Destinations, cluster.Dns is null ? cluster.Destinations : null)
            .SetIfAny(Dns, cluster.Dns)
            .Set(LoadBalancing, cluster.LoadBalancing)
            .Set(Protocol, cluster.Protocol)
            .Set(RetryBudget, cluster.RetryBudget)
            .Set(Connections, cluster.Connections)
            .Set(HealthCheck, cluster.ActiveHealthCheck)
            .SetIfAny(Tls, cluster.Tls))
    {
        Definition = "cluster",
        Rules = ClusterRules.Check,
    };
}
