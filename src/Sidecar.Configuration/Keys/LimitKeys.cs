using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Keys;

/// <summary><c>limits</c>.</summary>
internal static class LimitKeys
{
    private const long KiB = 1L << 10;
    private const long MiB = 1L << 20;
    private const long GiB = 1L << 30;

    private static readonly LimitsConfiguration Defaults = ConfigurationDefaults.Limits;
    private static readonly AutoOrShape<int> CountOrAuto = new(Shapes.Count);
    private static readonly OffOrShape<long> SizeOrOff = new(Shapes.Size(0, 1024 * GiB));

    /// <summary>Open connections.</summary>
    public static readonly ConfigurationKey<int?> Connections = new(
        "connections", CountOrAuto, Defaults.Connections, "Open downstream connections; auto follows the memory granted and is printed at the start.");

    /// <summary>Requests in flight.</summary>
    public static readonly ConfigurationKey<int?> InFlight = new(
        "inFlight", CountOrAuto, Defaults.InFlight, "Requests in flight; auto follows the memory and CPU granted and is printed at the start.");

    /// <summary>Replay buffers.</summary>
    public static readonly ConfigurationKey<long> ReplayTotal = new(
        "replayTotal", Shapes.Size(0, 64 * GiB), Defaults.ReplayTotalBytes, "Bytes that the replay buffers of all requests may hold together.");

    /// <summary>Time for headers.</summary>
    public static readonly ConfigurationKey<TimeSpan> HeaderTimeout = new(
        "headerTimeout", Shapes.Duration, Defaults.HeaderTimeout, "From the first byte of a request to the end of its headers.");

    /// <summary>Size of headers.</summary>
    public static readonly ConfigurationKey<long> Headers = new(
        "headers", Shapes.Size(KiB, 16 * MiB), Defaults.HeadersBytes, "Size of all headers of a request.");

    /// <summary>Number of headers.</summary>
    public static readonly ConfigurationKey<int> HeaderCount = new(
        "headerCount", new IntegerShape(1, 10_000), Defaults.HeaderCount, "Number of headers of a request.");

    /// <summary>Size of a body.</summary>
    public static readonly ConfigurationKey<long?> RequestBody = new(
        "requestBody", SizeOrOff, Defaults.RequestBodyBytes, "Largest request body.");

    /// <summary>Speed of a body.</summary>
    public static readonly ConfigurationKey<long?> BodyRate = new(
        "bodyRate", new OffOrShape<long>(Shapes.Size(1, GiB)), Defaults.BodyRateBytesPerSecond, "Slowest request body, in bytes per second.");

    /// <summary>Idle connections.</summary>
    public static readonly ConfigurationKey<TimeSpan> KeepAlive = new(
        "keepAlive", Shapes.Duration, Defaults.KeepAlive, "Idle downstream connections are closed after this.");

    /// <summary>Streams.</summary>
    public static readonly ConfigurationKey<int> Http2Streams = new(
        "http2Streams", new IntegerShape(1, 10_000), Defaults.Http2Streams, "Concurrent streams of one downstream HTTP/2 connection.");

    /// <summary>The section.</summary>
    public static readonly ObjectShape<LimitsConfiguration> Shape = new(
        "the limits",
        [Connections, InFlight, ReplayTotal, HeaderTimeout, Headers, HeaderCount, RequestBody, BodyRate, KeepAlive, Http2Streams],
        view => new LimitsConfiguration(
            view.Get(Connections),
            view.Get(InFlight),
            view.Get(ReplayTotal),
            view.Get(HeaderTimeout),
            (int)view.Get(Headers),
            view.Get(HeaderCount),
            view.Get(RequestBody),
            view.Get(BodyRate),
            view.Get(KeepAlive),
            view.Get(Http2Streams)),
        (builder, limits) => builder
            .Set(Connections, limits.Connections)
            .Set(InFlight, limits.InFlight)
            .Set(ReplayTotal, limits.ReplayTotalBytes)
            .Set(HeaderTimeout, limits.HeaderTimeout)
            .Set(Headers, limits.HeadersBytes)
            .Set(HeaderCount, limits.HeaderCount)
            .Set(RequestBody, limits.RequestBodyBytes)
            .Set(BodyRate, limits.BodyRateBytesPerSecond)
            .Set(KeepAlive, limits.KeepAlive)
            .Set(Http2Streams, limits.Http2Streams));
}
