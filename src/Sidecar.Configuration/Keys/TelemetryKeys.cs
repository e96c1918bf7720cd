using System.Collections.Immutable;
using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Keys;

/// <summary><c>telemetry.accessLog</c>.</summary>
internal static class AccessLogKeys
{
    private static readonly AccessLogConfiguration Defaults = ConfigurationDefaults.AccessLog;
    private static readonly ListShape<string> HeaderNames = new(HttpShapes.HeaderName, comparer: StringComparer.OrdinalIgnoreCase);

    /// <summary>Share of successes.</summary>
    public static readonly ConfigurationKey<double> SuccessRatio = new(
        "successRatio", Shapes.Ratio, Defaults.SuccessRatio, "Share of plain successes that get a line.");

    /// <summary>Slow requests.</summary>
    public static readonly ConfigurationKey<TimeSpan?> Slow = new(
        "slow", Shapes.DurationOrOff, Defaults.Slow, "Requests slower than this always get a line.");

    /// <summary>Most lines.</summary>
    public static readonly ConfigurationKey<int> LinesPerSecond = new(
        "linesPerSecond", new IntegerShape(0, 1_000_000), Defaults.LinesPerSecond, "Most lines per second of requests that always get one; beyond it a counted summary.");

    /// <summary>Logged request headers.</summary>
    public static readonly ConfigurationKey<ImmutableArray<string>> RequestHeaders = new(
        "requestHeaders", HeaderNames, Defaults.RequestHeaders, "Request headers whose values are logged; no other value ever is.");

    /// <summary>Logged response headers.</summary>
    public static readonly ConfigurationKey<ImmutableArray<string>> ResponseHeaders = new(
        "responseHeaders", HeaderNames, Defaults.ResponseHeaders, "Response headers whose values are logged; no other value ever is.");

    /// <summary>The section.</summary>
    public static readonly ObjectShape<AccessLogConfiguration> Shape = new(
        "the access log",
        [SuccessRatio, Slow, LinesPerSecond, RequestHeaders, ResponseHeaders],
        view => new AccessLogConfiguration(
            view.Get(SuccessRatio), view.Get(Slow), view.Get(LinesPerSecond), view.Get(RequestHeaders), view.Get(ResponseHeaders)),
        (builder, log) => builder
            .Set(SuccessRatio, log.SuccessRatio)
            .Set(Slow, log.Slow)
            .Set(LinesPerSecond, log.LinesPerSecond)
            .Set(RequestHeaders, log.RequestHeaders)
            .Set(ResponseHeaders, log.ResponseHeaders));
}

/// <summary><c>telemetry</c>.</summary>
internal static class TelemetryKeys
{
    private static readonly TelemetryConfiguration Defaults = ConfigurationDefaults.Telemetry;

    /// <summary>Severity.</summary>
    public static readonly ConfigurationKey<LogSeverity> LogLevel = new(
        "logLevel",
        new TokenShape<LogSeverity>(("debug", LogSeverity.Debug), ("info", LogSeverity.Info), ("warn", LogSeverity.Warn), ("error", LogSeverity.Error)),
        Defaults.LogLevel,
        "Lines below it are not written.");

    /// <summary>Sampling.</summary>
    public static readonly ConfigurationKey<double> TraceRatio = new(
        "traceRatio", Shapes.Ratio, Defaults.TraceRatio, "Share of root traces that are sampled, unless OTEL_TRACES_SAMPLER is set.");

    /// <summary>The line per request.</summary>
    public static readonly ConfigurationKey<AccessLogConfiguration> AccessLog = new(
        "accessLog", AccessLogKeys.Shape, Defaults.AccessLog, "The line per request.");

    /// <summary>The section.</summary>
    public static readonly ObjectShape<TelemetryConfiguration> Shape = new(
        "the telemetry",
        [LogLevel, TraceRatio, AccessLog],
        view => new TelemetryConfiguration(view.Get(LogLevel), view.Get(TraceRatio), view.Get(AccessLog)),
        (builder, telemetry) => builder
            .Set(LogLevel, telemetry.LogLevel)
            .Set(TraceRatio, telemetry.TraceRatio)
            .Set(AccessLog, telemetry.AccessLog));
}
