using System.Collections.Immutable;

namespace Sidecar.Proxy.Telemetry;

/// <summary>The name of a kind of log line.</summary>
/// <param name="Id">Number, never reused; what OTLP and Windows-style readers filter by.</param>
/// <param name="Name">What <c>event</c> says.</param>
public readonly record struct LogEvent(int Id, string Name);

/// <summary>The closed list of log events: a line's <c>event</c> is one of these, whatever wrote it.</summary>
public static class LogEvents
{
    /// <summary>The line of one request.</summary>
    public static readonly LogEvent Request = new(1, "request");

    /// <summary>Lines of requests were left out because there were too many in a second; says how many.</summary>
    public static readonly LogEvent AccessLogSuppressed = new(2, "access-log-suppressed");

    /// <summary>The line of one connection that was carried as TCP.</summary>
    public static readonly LogEvent Connection = new(4, "connection");

    /// <summary>Log lines were lost because stdout was blocked or failed; says how many.</summary>
    public static readonly LogEvent LogLinesLost = new(3, "log-lines-lost");

    /// <summary>The process started: version, runtime, limits granted.</summary>
    public static readonly LogEvent Started = new(10, "started");

    /// <summary>A listener accepts connections.</summary>
    public static readonly LogEvent Listening = new(11, "listening");

    /// <summary>A listener could not be opened.</summary>
    public static readonly LogEvent ListenFailed = new(12, "listen-failed");

    /// <summary>The process ends.</summary>
    public static readonly LogEvent Stopped = new(13, "stopped");

    /// <summary>The limits in force, <c>auto</c> ones with the number chosen.</summary>
    public static readonly LogEvent Limits = new(14, "limits");

    /// <summary>A configuration is in use.</summary>
    public static readonly LogEvent ConfigLoaded = new(20, "config-loaded");

    /// <summary>A configuration was rejected; one line per error.</summary>
    public static readonly LogEvent ConfigRejected = new(21, "config-rejected");

    /// <summary>Something in the configuration is probably not meant.</summary>
    public static readonly LogEvent ConfigWarning = new(22, "config-warning");

    /// <summary>The last good configuration or the defaults are in use because the documents are invalid.</summary>
    public static readonly LogEvent ConfigFallback = new(23, "config-fallback");

    /// <summary>The state directory could not be read or written.</summary>
    public static readonly LogEvent StateFailed = new(24, "state-failed");

    /// <summary>A breaker changed its state.</summary>
    public static readonly LogEvent BreakerTransition = new(30, "breaker-transition");

    /// <summary>A destination left a route's selection.</summary>
    public static readonly LogEvent Ejection = new(31, "ejection");

    /// <summary>An active health check changed its verdict.</summary>
    public static readonly LogEvent HealthChanged = new(32, "health-changed");

    /// <summary>A name could not be resolved; the last addresses stay.</summary>
    public static readonly LogEvent DnsFailed = new(33, "dns-failed");

    /// <summary>A name resolved to other addresses.</summary>
    public static readonly LogEvent DnsChanged = new(34, "dns-changed");

    /// <summary>An upstream misbehaved outside of a request: TLS material unreadable, connection pool trouble.</summary>
    public static readonly LogEvent UpstreamFailed = new(35, "upstream-failed");

    /// <summary>A drain began.</summary>
    public static readonly LogEvent DrainStarted = new(40, "drain-started");

    /// <summary>A drain ended, with its statistics.</summary>
    public static readonly LogEvent DrainFinished = new(41, "drain-finished");

    /// <summary>A signal arrived.</summary>
    public static readonly LogEvent SignalReceived = new(42, "signal-received");

    /// <summary>A probe of the application that we perform for the kubelet failed, or succeeds again.</summary>
    public static readonly LogEvent AppProbeChanged = new(43, "app-probe-changed");

    /// <summary>Somebody used a changing admin endpoint (audit).</summary>
    public static readonly LogEvent AdminAction = new(50, "admin-action");

    /// <summary>An export over OTLP failed; said once until it works again.</summary>
    public static readonly LogEvent OtlpFailed = new(60, "otlp-failed");

    /// <summary>Exports over OTLP work again.</summary>
    public static readonly LogEvent OtlpRecovered = new(61, "otlp-recovered");

    /// <summary>An <c>OTEL_*</c> variable is not understood.</summary>
    public static readonly LogEvent OtlpSettingIgnored = new(62, "otlp-setting-ignored");

    /// <summary>Exports over OTLP are on: signals, endpoints, protocols.</summary>
    public static readonly LogEvent OtlpStarted = new(63, "otlp-started");

    /// <summary>The HTTP parser refused bytes before they were a request.</summary>
    public static readonly LogEvent MalformedRequest = new(70, "malformed-request");

    /// <summary>Our own defect.</summary>
    public static readonly LogEvent InternalError = new(71, "internal-error");

    /// <summary>A connection was refused because it leads back to the proxy, or not to this pod.</summary>
    public static readonly LogEvent LoopRefused = new(73, "loop-refused");

    /// <summary>A limit is reached and connections or requests are being refused.</summary>
    public static readonly LogEvent LimitReached = new(72, "limit-reached");

    /// <summary>All of them; a test checks that ids and names are unique and that none is missing here.</summary>
    public static readonly ImmutableArray<LogEvent> All =
    [
        Request, Connection, AccessLogSuppressed, LogLinesLost, Started, Listening, ListenFailed, Stopped, Limits, ConfigLoaded, ConfigRejected, ConfigWarning,
        ConfigFallback, StateFailed, BreakerTransition, Ejection, HealthChanged, DnsFailed, DnsChanged, UpstreamFailed, DrainStarted, DrainFinished,
        SignalReceived, AppProbeChanged, AdminAction, OtlpFailed, OtlpRecovered, OtlpSettingIgnored, OtlpStarted, MalformedRequest, InternalError, LimitReached, LoopRefused,
    ];
}
