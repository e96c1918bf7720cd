using DiagnosticListener = System.Diagnostics.DiagnosticListener;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Configuration;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Admin;
using Sidecar.Proxy.AppHealth;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Forwarding;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Overload;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Routing;
using Sidecar.Proxy.Telemetry;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Startup;

/// <summary>
/// Makes every part once and connects them; the only place that knows all of them. Nothing is made by reflection or by
/// convention: what the process consists of can be read here.
/// </summary>
public sealed class Composition : IAsyncDisposable
{
    private readonly JsonLineWriter _lines;
    private readonly SidecarMeter _meter;
    private readonly Tracing _tracing;
    private readonly AccessLog _accessLog;
    private readonly RequestTelemetry _telemetry;
    private readonly OtlpExport? _otlp;
    private readonly ConfigurationReloader _reloader;
    private readonly ConfigurationStore _store;
    private readonly ReloadEventLines _reloadEvents;
    private readonly RunningConfiguration _running;
    private readonly SidecarProxyConfigProvider _yarp;
    private readonly QuietMemory _quietMemory;
    private readonly BusyMemory _busyMemory;
    private readonly LimitPressure _inFlightPressure;
    private readonly LimitPressure _connectionPressure;
    private readonly IDisposable? _parserRefusals;
    private readonly int _connectionLimit;
    private long _connectionsRefusedBefore;

    private Composition(
        HostEnvironment environment,
        ConfigurationReloader reloader,
        ConfigurationStore store,
        ConfigFileSet files,
        ConfigFileReading reading,
        IEnumerable<ApplicationProbe> probes)
    {
        (Time, var random) = (environment.Time, environment.Random);
        _reloader = reloader;
        _store = store;
        var configuration = store.Current.Configuration;

        _lines = new JsonLineWriter(environment.Output, Time);
        Events = new EventLog(_lines, Time, configuration.Telemetry.LogLevel);
        _meter = new SidecarMeter(Time, configuration.Routes.Length);
        _lines.Lost = count => _meter.TelemetryLost(LostKinds.LogLines, count);
        _tracing = new Tracing(Time, random.NextInt64, Environment.GetEnvironmentVariable, configuration.Telemetry.TraceRatio);
        _accessLog = new AccessLog(Events, Time, random.NextInt64, configuration.Telemetry.AccessLog);
        _telemetry = new RequestTelemetry(_meter, Events, _accessLog, _tracing, Time);
        _otlp = OtlpExport.Start(OtlpSettings.Read(Environment.GetEnvironmentVariable), _meter, _tracing, Events, Time, VersionFacts.Current.Product);

        var counters = Counters;
        var dialed = new DialedSockets();
        var dialer = new UpstreamDialer(dialed);
        Clusters = new UpstreamClusterRegistry(Time, random, new SystemNameResolver(), new UpstreamEventLines(Events), dialer);
        var policies = new PolicyRegistry(Time, random, _telemetry);
        var replayMemory = new ReplayMemory(configuration.Limits.ReplayTotalBytes);
        var routes = new RouteTable();
        var tcpRoutes = new TcpRouteTable();
        var unmatched = new UnmatchedHosts();
        var originals = new OriginalDestinations(Time);
        var serverFirst = new ServerFirstPorts(Time);
        _running = new RunningConfiguration(Clusters, policies, routes, tcpRoutes, _telemetry, replayMemory);
        var snapshot = SnapshotCompiler.Compile(configuration);
        _running.Apply(snapshot, yarp: null);
        _yarp = new SidecarProxyConfigProvider(snapshot);
        store.Subscribe(revision => _running.Apply(SnapshotCompiler.Compile(revision.Configuration), _yarp));
        _reloadEvents = new ReloadEventLines(Events, _telemetry);
        Watcher = new ConfigFileWatcher(files, Time, reading);

        _connectionLimit = RunningConfiguration.Connections(configuration.Limits);
        _quietMemory = new QuietMemory(
            counters, () => dialed.Closed, Time, static () => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true));
        _busyMemory = new BusyMemory(
            OldGeneration.Look, () => counters.ConnectionsClosed + dialed.Closed, Time,
            static () => GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true));
        _inFlightPressure = new LimitPressure("requests in flight", Time);
        _connectionPressure = new LimitPressure("connections", Time);
        Admin = new AdminView(
            store, policies, unmatched, serverFirst, counters, DrainState, Events, _lines, new PrometheusText(_meter), [_inFlightPressure, _connectionPressure], Time)
        {
            LostSpans = () => _otlp?.LostSpans ?? 0,
        };
        _meter.RegisterGauges(new ProxyGauges(counters, policies, store, DrainState, Time));

        Listeners = new Listeners(configuration, _connectionLimit, counters, DrainState, _telemetry, Time);
        var interception = new InterceptionListeners(
            configuration.Listeners,
            new LoopGuard(new LocalAddresses(Time), dialed.Contains, () => [.. Listeners.Bound.Select(listener => listener.Address.Port)]),
            new OpaqueForwarder(tcpRoutes, originals, dialer, _telemetry, counters, Time),
            serverFirst,
            () => _running.Interception,
            _connectionLimit,
            counters,
            _telemetry,
            Time);
        var transport = new DrainableListenerFactory(
            ProxyServices.SocketTransport(Time),
            endpoint => ProxyServices.IsAddressOf(endpoint, configuration.Listeners.Reverse) || ProxyServices.IsAddressOf(endpoint, configuration.Listeners.Inbound),
            interception.Create);
        Drain = new DrainSequence(
            DrainState, counters, configuration.Shutdown.Grace, configuration.Shutdown.AcceptFor, transport.StopAcceptingAsync, Time);
        Server = ProxyServices.Create(_yarp, Listeners, transport, isIntercepting: configuration.Listeners is not { Outbound: null, Inbound: null });
        _parserRefusals = Server.Services.GetService<DiagnosticListener>()?.Subscribe(new ParserRefusals(_telemetry), ParserRefusals.Wants);
        ProxyPipeline.Build(Server, new ProxyParts(
            Time, _telemetry, counters, new RequestIds(random.NextInt64), DrainState, () => _running.InFlightLimit, replayMemory, routes,
            unmatched, originals, new AdminEndpoints(Admin, new AppHealthEndpoint(new ApplicationHealth(probes, ProbeChanged, Time))), InternalDefect));
    }

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Log lines.</summary>
    public EventLog Events { get; }

    /// <summary>What is open and what was done.</summary>
    public TrafficCounters Counters { get; } = new();

    /// <summary>How far a drain has come.</summary>
    public DrainState DrainState { get; } = new();

    /// <summary>The drain itself.</summary>
    public DrainSequence Drain { get; }

    /// <summary>The bound ports.</summary>
    public Listeners Listeners { get; }

    /// <summary>The web server.</summary>
    public ProxyServer Server { get; }

    /// <summary>The clusters.</summary>
    public UpstreamClusterRegistry Clusters { get; }

    /// <summary>Looks at the configuration files.</summary>
    public ConfigFileWatcher Watcher { get; }

    /// <summary>What the admin listener shows.</summary>
    public AdminView Admin { get; }

    /// <summary>Reads the configuration and makes everything; nothing listens yet.</summary>
    /// <exception cref="ConfigurationInvalidException">The configuration was refused.</exception>
    public static Composition Create(RunOptions options, HostEnvironment environment)
    {
        var files = new ConfigFileSet(options.ConfigFiles, options.OptionalConfigFiles);
        var state = options.StateDirectory is { } directory ? new StateDirectory(directory) : null;
        var load = DocumentReading.Create();
        var reloader = new ConfigurationReloader(
            options.IsPod ? CommandLineSources.WithPodListeners(load) : load,
            RunningConfiguration.Check,
            sources => CommandLineSources.Compose(sources, options.Listen, options.Upstream, options.Sets),
            state);
        var reading = files.Read();
        var (initial, errors) = reloader.Start(reading, options.OnInvalid);
        var (probes, mistakes) = ProbeReader.Read(options.ApplicationProbes);
        if (initial.Accepted is not { } accepted || mistakes.Count > 0)
        {
            // What is written nowhere but in the pod's own definition has no last good one.
            throw new ConfigurationInvalidException([.. initial.Accepted is null ? errors : [], .. mistakes]);
        }

        var parts = new Composition(environment, reloader, new ConfigurationStore(initial, reading.Files, environment.Time), files, reading, probes);
        parts.Report(initial, accepted, errors);
        return parts;
    }

    /// <summary>Files changed, or somebody asked: reads and applies, or refuses.</summary>
    public void Reload(ConfigFileReading reading, ReloadTrigger trigger)
    {
        var before = _store.Current.Configuration;
        _reloader.Reload(reading, trigger, _store, _reloadEvents);
        var after = _store.Current.Configuration;
        if (before.Listeners != after.Listeners || !FixedLimitsEqual(before.Limits, after.Limits) || before.Shutdown != after.Shutdown)
        {
            Events.Write(
                LogEvents.ConfigWarning,
                LogSeverity.Warn,
                [("message", "listeners, shutdown and the server's limits take effect at the next start; everything else is in use now")]);
        }
    }

    /// <summary>Once a second: is there memory to give back, and which limits are nearly reached?</summary>
    public void ObserveLimits()
    {
        _quietMemory.Observe();
        _busyMemory.Observe();
        _inFlightPressure.Observe(Counters.InFlight, _running.InFlightLimit);
        _connectionPressure.Observe(Counters.Connections, _connectionLimit);
        var refused = Counters.ConnectionsRefused;
        if (refused > _connectionsRefusedBefore)
        {
            // One line a second at most, whatever comes in.
            Events.Write(
                LogEvents.LimitReached,
                LogSeverity.Warn,
                [("limit", "connections"), ("allowed", _connectionLimit), ("refused", refused - _connectionsRefusedBefore)]);
            _connectionsRefusedBefore = refused;
        }
    }

    /// <summary>The last lines: flushes telemetry, then says what the drain came to.</summary>
    public async Task FinishAsync()
    {
        var isFlushed = _otlp is null || await _otlp.ShutdownAsync(TimeSpan.FromSeconds(2));

        // What is counted below has left the process by now, or has been given up.
        _lines.Flush(TimeSpan.FromSeconds(1));
        Events.Write(
            LogEvents.DrainFinished,
            LogSeverity.Info,
            [
                ("drained", Drain.IsDrained), ("completed", Counters.Completed), ("aborted", Counters.Aborted), ("refused", Counters.Refused),
                ("connectionsClosed", Counters.ConnectionsClosed), ("logLinesWritten", _lines.WrittenLines), ("logLinesLost", _lines.LostLines),
                ("spansExported", _otlp?.ExportedSpans ?? 0), ("spansLost", _otlp?.LostSpans ?? 0), ("telemetryFlushed", isFlushed),
                ("seconds", Drain.StartedAt is { } started ? Time.GetElapsedTime(started).TotalSeconds : 0),
            ]);
        Events.Write(LogEvents.Stopped, LogSeverity.Info);
        _lines.Flush(TimeSpan.FromSeconds(1));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _parserRefusals?.Dispose();
        await Server.DisposeAsync();
        await Clusters.DisposeAsync();
        Drain.Dispose();
        DrainState.Dispose();
        _telemetry.Dispose();
        _accessLog.Dispose();
        _tracing.Dispose();
        _meter.Dispose();
        _yarp.Dispose();
        _lines.Dispose();
    }

    // Those the server took when it started; inFlight and replayTotal are ours and change at once.
    private static bool FixedLimitsEqual(LimitsConfiguration a, LimitsConfiguration b) =>
        a with { InFlight = b.InFlight, ReplayTotalBytes = b.ReplayTotalBytes } == b;

    private void Report(InitialConfiguration initial, ConfigurationResult accepted, IReadOnlyList<ConfigurationProblem> errors)
    {
        var facts = VersionFacts.Current;
        Events.Write(
            LogEvents.Started,
            LogSeverity.Info,
            [("version", facts.Product), ("commit", facts.Commit), ("runtime", facts.Runtime), ("native", facts.IsNative), ("pid", Environment.ProcessId)]);
        if (initial.Origin == ConfigurationOrigin.Written)
        {
            if (_reloader.Keep(accepted) is { } reason)
            {
                _reloadEvents.NotKept(reason);
            }
        }
        else
        {
            _store.Reject(errors, _store.Files);
            _reloadEvents.Errors(errors);
            Events.Write(LogEvents.ConfigFallback, LogSeverity.Error, [("reason", initial.Reason)]);
        }

        _reloadEvents.Loaded(_store.Current, "start", isChanged: true);
        Events.Write(
            LogEvents.Limits,
            LogSeverity.Info,
            [
                ("connections", _connectionLimit), ("inFlight", _running.InFlightLimit), ("memoryBytes", GC.GetGCMemoryInfo().TotalAvailableMemoryBytes),
                ("processors", Environment.ProcessorCount),
            ]);
    }

    private void ProbeChanged(string probe, ProbeVerdict verdict) => Events.Write(
        LogEvents.AppProbeChanged, LogSeverity.Info, [("probe", probe), ("healthy", verdict.IsHealthy), ("reason", verdict.Reason)]);

    private void InternalDefect(RequestRecord record, Exception exception) => Events.Write(
        LogEvents.InternalError,
        LogSeverity.Error,
        [("route", record.Route), ("requestId", record.RequestId), ("reason", exception.ToString())]);
}
