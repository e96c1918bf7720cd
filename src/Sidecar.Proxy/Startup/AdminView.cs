using System.Buffers;
using Sidecar.Configuration;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Admin;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Overload;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Routing;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Startup;

/// <summary>The live state as the admin listener shows it.</summary>
public sealed class AdminView(
    ConfigurationStore store,
    PolicyRegistry policies,
    UnmatchedHosts unmatched,
    ServerFirstPorts serverFirst,
    TrafficCounters counters,
    DrainState drain,
    EventLog events,
    JsonLineWriter lines,
    PrometheusText metrics,
    IReadOnlyList<LimitPressure> pressures,
    TimeProvider time) : IAdminView
{
    private readonly long _started = time.GetTimestamp();
    private volatile string? _starting = "listeners are opening";

    /// <summary>Begins the drain; wired once the server exists.</summary>
    public Action? BeginDrain { get; set; }

    /// <summary>Begins the end; wired once the server exists.</summary>
    public Action? BeginEnd { get; set; }

    /// <summary>Spans that were not exported.</summary>
    public Func<long> LostSpans { get; set; } = static () => 0;

    /// <inheritdoc/>
    public HealthView Health
    {
        get
        {
            var state = drain.Phase switch
            {
                DrainPhase.Serving => _starting is null ? LifeState.Ready : LifeState.Starting,
                DrainPhase.Drained => LifeState.Drained,
                DrainPhase.Refusing when counters.InFlight == 0 => LifeState.Drained,
                _ => LifeState.Draining,
            };
            return new HealthView(
                state,
                state switch
                {
                    LifeState.Ready => [],
                    LifeState.Starting => [_starting ?? "starting"],
                    _ => ["draining"],
                },
                Degraded(),
                [.. pressures.Select(pressure => pressure.Reason).OfType<string>()]);
        }
    }

    /// <inheritdoc/>
    public ConfigurationStore Configuration => store;

    /// <inheritdoc/>
    public IReadOnlyList<RouteConfiguration> Routes => [.. SnapshotCompiler.InMatchingOrder(store.Current.Configuration)];

    /// <inheritdoc/>
    public IReadOnlyList<UnmatchedHost> Unmatched => unmatched.Busiest();

    /// <inheritdoc/>
    public IReadOnlyList<ServerFirstPort> ServerFirst => serverFirst.All;

    /// <inheritdoc/>
    public IReadOnlyList<BreakerView> Breakers => policies.Breakers();

    /// <inheritdoc/>
    public StatsView Stats => new(
        counters.Completed + counters.Aborted, counters.InFlight, counters.Connections, time.GetElapsedTime(_started), lines.LostLines, LostSpans())
    {
        Inbound = new TrafficView(
            counters.InFlightOf(Direction.Inbound) + counters.InFlightOf(Direction.Reverse) + counters.OpaqueOf(Direction.Inbound),
            counters.ConnectionsOf(Direction.Inbound) + counters.ConnectionsOf(Direction.Reverse)),
    };

    /// <inheritdoc/>
    public LogSeverity LogLevel => events.MinimumLevel;

    /// <summary>Why the process is not ready yet; null when it is.</summary>
    public void Starting(string? reason) => _starting = reason;

    /// <inheritdoc/>
    public void WriteMetrics(IBufferWriter<byte> output) => metrics.Write(output);

    /// <inheritdoc/>
    public void Drain() => BeginDrain?.Invoke();

    /// <inheritdoc/>
    public void Quit() => BeginEnd?.Invoke();

    /// <inheritdoc/>
    public void SetLogLevel(LogSeverity level) => events.MinimumLevel = level;

    /// <inheritdoc/>
    public void Audit(in AdminAction action) => events.Write(
        LogEvents.AdminAction,
        action.Outcome == AdminOutcome.Accepted ? LogSeverity.Info : LogSeverity.Warn,
        [("action", action.Action), ("value", action.Value), ("outcome", Name(action.Outcome)), ("peer", action.Peer?.ToString())]);

    private List<string> Degraded()
    {
        var degraded = new List<string>();
        if (store.Current.Reason is { } reason)
        {
            degraded.Add(reason);
        }

        if (store.LastRejection is { } rejection)
        {
            degraded.Add($"the last reload was rejected with {rejection.Problems.Count} error(s), the first: {rejection.Problems[0]}");
        }

        return degraded;
    }

    private static string Name(AdminOutcome outcome) => outcome switch
    {
        AdminOutcome.Accepted => "accepted",
        AdminOutcome.HeaderMissing => "header-missing",
        AdminOutcome.HostNotLoopback => "host-not-loopback",
        _ => "invalid-parameter",
    };
}
