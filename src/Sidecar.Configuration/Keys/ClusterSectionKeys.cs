using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Keys;

/// <summary><c>clusters.&lt;id&gt;.retryBudget</c>.</summary>
internal static class RetryBudgetKeys
{
    private static readonly RetryBudgetPolicy Defaults = ConfigurationDefaults.RetryBudget;

    /// <summary>Share.</summary>
    public static readonly ConfigurationKey<double> Ratio = new(
        "ratio", Shapes.Ratio, Defaults.Ratio, "Retries per request in the window.");

    /// <summary>Floor.</summary>
    public static readonly ConfigurationKey<double> MinPerSecond = new(
        "minPerSecond", new NumberShape(0, 1_000_000), Defaults.MinPerSecond, "Retries per second that are allowed beside the ratio.");

    /// <summary>Window.</summary>
    public static readonly ConfigurationKey<TimeSpan> Window = new("window", Shapes.Duration, Defaults.Window, "Length of the window.");

    /// <summary>The section.</summary>
    public static readonly ObjectShape<RetryBudgetPolicy> Shape = new(
        "a retry budget",
        [Ratio, MinPerSecond, Window],
        view => new RetryBudgetPolicy(view.Get(Ratio), view.Get(MinPerSecond), view.Get(Window)),
        (builder, budget) => builder.Set(Ratio, budget.Ratio).Set(MinPerSecond, budget.MinPerSecond).Set(Window, budget.Window));
}

/// <summary><c>clusters.&lt;id&gt;.connections</c>.</summary>
internal static class ConnectionsKeys
{
    private static readonly ConnectionsConfiguration Defaults = ConfigurationDefaults.Connections;

    /// <summary>Number.</summary>
    public static readonly ConfigurationKey<int> Max = new(
        "max", Shapes.Count, Defaults.Max, "Connections per destination; beyond it 503 OV at once.");

    /// <summary>Idle.</summary>
    public static readonly ConfigurationKey<TimeSpan> Idle = new("idle", Shapes.Duration, Defaults.Idle, "Idle connections are closed after this.");

    /// <summary>Lifetime.</summary>
    public static readonly ConfigurationKey<TimeSpan> Lifetime = new("lifetime", Shapes.Duration, Defaults.Lifetime, "Connections are renewed after this.");

    /// <summary>The section.</summary>
    public static readonly ObjectShape<ConnectionsConfiguration> Shape = new(
        "a connections section",
        [Max, Idle, Lifetime],
        view => new ConnectionsConfiguration(view.Get(Max), view.Get(Idle), view.Get(Lifetime)),
        (builder, connections) => builder.Set(Max, connections.Max).Set(Idle, connections.Idle).Set(Lifetime, connections.Lifetime));
}

/// <summary><c>clusters.&lt;id&gt;.healthCheck.active</c>.</summary>
internal static class ActiveHealthCheckKeys
{
    /// <summary>Path.</summary>
    public static readonly ConfigurationKey<string> Path = new("path", AddressShapes.RequestPath, isRequired: true, "Target of the probe.");

    /// <summary>Interval.</summary>
    public static readonly ConfigurationKey<TimeSpan> Interval = new(
        "interval", Shapes.Duration, ConfigurationDefaults.HealthCheckInterval, "Time between probes of one destination.");

    /// <summary>Timeout.</summary>
    public static readonly ConfigurationKey<TimeSpan> Timeout = new(
        "timeout", Shapes.Duration, ConfigurationDefaults.HealthCheckTimeout, "A probe fails after this.");

    /// <summary>Threshold.</summary>
    public static readonly ConfigurationKey<int> Threshold = new(
        "threshold", new IntegerShape(1, 100), ConfigurationDefaults.HealthCheckThreshold, "Probes in a row that change the verdict, either way.");

    /// <summary>The section.</summary>
    public static readonly ObjectShape<ActiveHealthCheckConfiguration> Shape = new(
        "an active health check",
        [Path, Interval, Timeout, Threshold],
        view => new ActiveHealthCheckConfiguration(view.Get(Path), view.Get(Interval), view.Get(Timeout), view.Get(Threshold)),
        (builder, check) => builder.Set(Path, check.Path).Set(Interval, check.Interval).Set(Timeout, check.Timeout).Set(Threshold, check.Threshold))
    {
        Rules = CheckClocks,
    };

    // Two probes of one destination under way at once would have no order, and the verdict counts probes in a row.
    private static void CheckClocks(ObjectView view, ActiveHealthCheckConfiguration check, ProblemList problems)
    {
        if (check.Timeout > check.Interval)
        {
            problems.Error(
                view.Node["timeout"] ?? view.Node["interval"] ?? view.Node,
                $"timeout {DurationShape.Format(check.Timeout)} is longer than interval {DurationShape.Format(check.Interval)}: probes of one destination would overlap; shorten the timeout");
        }
    }
}

/// <summary><c>clusters.&lt;id&gt;.healthCheck</c>.</summary>
internal static class HealthCheckKeys
{
    /// <summary>Probes.</summary>
    public static readonly ConfigurationKey<ActiveHealthCheckConfiguration?> Active = new(
        "active", new OffOrObjectShape<ActiveHealthCheckConfiguration>(ActiveHealthCheckKeys.Shape), null, "Probing by requests of our own; off unless present.");

    /// <summary>The section.</summary>
    public static readonly ObjectShape<ActiveHealthCheckConfiguration?> Shape = new(
        "a health check", [Active], view => view.Get(Active), (builder, check) => builder.Set(Active, check));
}

/// <summary><c>clusters.&lt;id&gt;.tls</c>.</summary>
internal static class TlsKeys
{
    /// <summary>Roots.</summary>
    public static readonly ConfigurationKey<string> Ca = new(
        "ca", AddressShapes.FilePath, isRequired: false, "PEM file of trusted roots. Absent: the system's.");

    /// <summary>Name.</summary>
    public static readonly ConfigurationKey<string> ServerName = new(
        "serverName", AddressShapes.ServerName, isRequired: false, "SNI and verified name. Absent: the address's host.");

    /// <summary>Client certificate.</summary>
    public static readonly ConfigurationKey<string> ClientCertificate = new(
        "clientCertificate", AddressShapes.FilePath, isRequired: false, "PEM file of the client certificate and its chain.");

    /// <summary>Client key.</summary>
    public static readonly ConfigurationKey<string> ClientKey = new(
        "clientKey", AddressShapes.FilePath, isRequired: false, "PEM file of the client certificate's key.");

    /// <summary>The section.</summary>
    public static readonly ObjectShape<TlsConfiguration> Shape = new(
        "a tls section",
        [Ca, ServerName, ClientCertificate, ClientKey],
        view => new TlsConfiguration(view.Get(Ca), view.Get(ServerName), view.Get(ClientCertificate), view.Get(ClientKey)),
        (builder, tls) => builder
            .SetIfAny(Ca, tls.CaFile)
            .SetIfAny(ServerName, tls.ServerName)
            .SetIfAny(ClientCertificate, tls.ClientCertificateFile)
            .SetIfAny(ClientKey, tls.ClientKeyFile))
    {
        Rules = CheckPair,
    };

    private static void CheckPair(ObjectView view, TlsConfiguration tls, ProblemList problems)
    {
        if (tls.ClientCertificateFile is null != tls.ClientKeyFile is null)
        {
            var (present, missing) = tls.ClientKeyFile is null ? (ClientCertificate, ClientKey) : (ClientKey, ClientCertificate);
            problems.Error(
                view.Node[present.Name]!,
                $"{present.Name} {MessageText.Quote(view.Get(present))} needs {missing.Name}: write both or neither");
        }
    }
}
