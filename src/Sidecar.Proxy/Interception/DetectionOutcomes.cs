namespace Sidecar.Proxy.Interception;

/// <summary>What became of looking at an intercepted connection: the closed set of labels of <c>sidecar.detection</c>.</summary>
public static class DetectionOutcomes
{
    /// <summary>HTTP/1.0 or HTTP/1.1.</summary>
    public const string Http1 = "http1";

    /// <summary>HTTP/2 with prior knowledge.</summary>
    public const string Http2 = "http2";

    /// <summary>TLS, carried unread.</summary>
    public const string Tls = "tls";

    /// <summary>Client bytes that are none of these.</summary>
    public const string Tcp = "tcp";

    /// <summary>The server spoke while the client was silent.</summary>
    public const string ServerFirst = "server-first";

    /// <summary>The destination was known to speak first, learned or written.</summary>
    public const string ServerFirstKnown = "server-first-known";

    /// <summary>The port is carried without a look.</summary>
    public const string OpaquePort = "opaque-port";

    /// <summary>It ended before anybody spoke.</summary>
    public const string Silent = "silent";

    /// <summary>Refused: it leads back to the proxy, or not to this pod.</summary>
    public const string Refused = "refused";

    /// <summary>The label of what the first bytes said.</summary>
    public static string Of(CarriedProtocol protocol) => protocol switch
    {
        CarriedProtocol.Http1 => Http1,
        CarriedProtocol.Http2 => Http2,
        CarriedProtocol.Tls => Tls,
        _ => Tcp,
    };
}
