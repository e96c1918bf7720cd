using System.Buffers;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Routing;

namespace Sidecar.Proxy.Admin;

/// <summary>
/// Everything the admin listener shows and does. Called per admin request, from any thread; must not block and must
/// not touch the request path's locks.
/// </summary>
public interface IAdminView
{
    /// <summary>What the probes say.</summary>
    HealthView Health { get; }

    /// <summary>The running configuration, its files and the last refused reload; null before it is loaded.</summary>
    ConfigurationStore? Configuration { get; }

    /// <summary>The running routes in the order in which they are matched.</summary>
    IReadOnlyList<RouteConfiguration> Routes { get; }

    /// <summary>The busiest hosts of intercepted traffic that no route matches.</summary>
    IReadOnlyList<UnmatchedHost> Unmatched { get; }

    /// <summary>Destinations that were seen to speak first.</summary>
    IReadOnlyList<ServerFirstPort> ServerFirst { get; }

    /// <summary>Every breaker that has state.</summary>
    IReadOnlyList<BreakerView> Breakers { get; }

    /// <summary>Numbers since the start.</summary>
    StatsView Stats { get; }

    /// <summary>Lines below it are not written.</summary>
    LogSeverity LogLevel { get; }

    /// <summary>All instruments in Prometheus' text format.</summary>
    void WriteMetrics(IBufferWriter<byte> output);

    /// <summary>Begins to drain what comes in, without ending the process; does nothing when it is draining already.</summary>
    void Drain();

    /// <summary>Drains without accept window and ends the process; does nothing when it is ending already.</summary>
    void Quit();

    /// <summary>Sets the log level until the next reload.</summary>
    void SetLogLevel(LogSeverity level);

    /// <summary>Writes the audit line of a changing request, refused ones included.</summary>
    void Audit(in AdminAction action);
}
