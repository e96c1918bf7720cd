using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Keys;

/// <summary><c>timeouts</c> of a policy.</summary>
internal static class TimeoutKeys
{
    private static readonly TimeoutPolicy Defaults = ConfigurationDefaults.Timeouts;

    /// <summary>The whole request.</summary>
    public static readonly ConfigurationKey<TimeSpan?> Request = new(
        "request",
        Shapes.DurationOrOff,
        Defaults.Request,
        "From the request fully received to response headers, all attempts and waits; 504 UT. Off for upgrades and SSE; applies to gRPC only if written in the route's own policy or its base.");

    /// <summary>One attempt.</summary>
    public static readonly ConfigurationKey<TimeSpan?> PerTry = new(
        "perTry", Shapes.DurationOrOff, Defaults.PerTry, "One attempt, to response headers; 504 PT.");

    /// <summary>One connect.</summary>
    public static readonly ConfigurationKey<TimeSpan?> Connect = new(
        "connect", Shapes.DurationOrOff, Defaults.Connect, "One connect, TLS included; running out of it is a connect-failure.");

    /// <summary>Gaps.</summary>
    public static readonly ConfigurationKey<TimeSpan?> Idle = new(
        "idle", Shapes.DurationOrOff, Defaults.Idle, "Gap between bytes of a response or a request body, and the wait for headers that nothing else bounds.");

    /// <summary>Gaps of tunnels.</summary>
    public static readonly ConfigurationKey<TimeSpan?> TunnelIdle = new(
        "tunnelIdle", Shapes.DurationOrOff, Defaults.TunnelIdle, "Gap between bytes of upgrades, SSE and gRPC streams.");

    /// <summary>Life of tunnels.</summary>
    public static readonly ConfigurationKey<TimeSpan?> Stream = new(
        "stream", Shapes.DurationOrOff, Defaults.Stream, "Longest life of upgrades, SSE and gRPC streams.");

    /// <summary>The section. Who wrote <c>request</c> is not visible here: the policy composer adds it.</summary>
    public static readonly ObjectShape<TimeoutPolicy> Shape = new(
        "the timeouts",
        [Request, PerTry, Connect, Idle, TunnelIdle, Stream],
        view => new TimeoutPolicy(
            view.Get(Request),
            IsRequestWritten: false,
            view.Get(PerTry),
            view.Get(Connect),
            view.Get(Idle),
            view.Get(TunnelIdle),
            view.Get(Stream)),
        (builder, timeouts) => builder
            .Set(Request, timeouts.Request)
            .Set(PerTry, timeouts.PerTry)
            .Set(Connect, timeouts.Connect)
            .Set(Idle, timeouts.Idle)
            .Set(TunnelIdle, timeouts.TunnelIdle)
            .Set(Stream, timeouts.Stream));
}
