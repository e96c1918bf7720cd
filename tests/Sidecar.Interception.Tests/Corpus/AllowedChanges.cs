using Sidecar.Contract;

namespace Sidecar.Interception.Tests.Corpus;

/// <summary>Which words the proxy may add to what passes.</summary>
internal enum AddedHeaders
{
    /// <summary>The built-in policy <c>passthrough</c> adds none.</summary>
    None,

    /// <summary>A written route adds those that the product's contract names.</summary>
    OfWrittenRoute,
}

/// <summary>
/// The closed list of what interception changes, as code: one method per item, and nothing else may differ. Each takes the
/// two versions of one message and makes equal what the item allows to be different.
/// </summary>
internal static class AllowedChanges
{
    private static readonly string[] StandardMethods = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

    // RFC 9110 §7.6.1, and Trailer, which announces what item 3 drops.
    private static readonly string[] HopByHop = ["connection", "proxy-connection", "keep-alive", "te", "transfer-encoding", "upgrade", "http2-settings", "trailer"];

    private static readonly string[] AddedByRoute =
        [HeaderNames.RequestId, HeaderNames.AttemptCount, HeaderNames.RequestTimeout, "traceparent", "tracestate"];

    /// <summary>The differences that are left, each naming its field; empty when the list explains them all.</summary>
    public static IReadOnlyList<string> Unexplained(Recording direct, Recording intercepted, AddedHeaders added) => Recording.Differences(
        new Recording(Apply(direct.Client, direct.Client, added), Apply(direct.Server, direct.Server, added)).Fields(),
        new Recording(Apply(intercepted.Client, direct.Client, added), Apply(intercepted.Server, direct.Server, added)).Fields());

    private static Dictionary<string, object> Apply(IReadOnlyDictionary<string, object> seen, IReadOnlyDictionary<string, object> direct, AddedHeaders added) =>
        seen.ToDictionary(entry => entry.Key, entry => entry.Value is SeenMessage message ? Apply(message, direct.GetValueOrDefault(entry.Key) as SeenMessage, added) : entry.Value);

    private static SeenMessage Apply(SeenMessage message, SeenMessage? direct, AddedHeaders added)
    {
        message = RespelledAndReordered(message);
        message = InterimResponses(message);
        message = Trailers(message);
        message = HopByHopFields(message);
        if (direct is not null)
        {
            message = AddedDate(message, direct);
            message = added == AddedHeaders.OfWrittenRoute ? NamedHeaders(message, direct) : message;
        }

        return message;
    }

    /// <summary>
    /// (1) HTTP/1 field names are respelled, fields of different names may change order, standard methods are upper-cased.
    /// Fields of one name keep their order: <see cref="SeenMessage.Fields"/> compares them together.
    /// </summary>
    private static SeenMessage RespelledAndReordered(SeenMessage message) => message with
    {
        Headers = message.Headers
            .Select(header => (header.Name.ToLowerInvariant(), header.Name == ":method" ? Standardised(header.Value) : header.Value)).OrderBy(header => header.Item1, StringComparer.Ordinal).ToArray(),
        Trailers = message.Trailers.Select(header => (header.Name.ToLowerInvariant(), header.Value)).OrderBy(header => header.Item1, StringComparer.Ordinal).ToArray(),
        StartLine = message.StartLine.Select(part => part.Name == "method" ? (part.Name, Standardised(part.Value)) : part).ToArray(),
    };

    /// <summary>(2) Interim responses other than 100 and 101 are dropped. 101 is final here: it ends the HTTP of its connection.</summary>
    private static SeenMessage InterimResponses(SeenMessage message) => message with
    {
        Interim = message.Interim.Where(one => one is "100" || one.StartsWith(":status: 100", StringComparison.Ordinal)).ToArray(),
    };

    /// <summary>(3) HTTP/1.1 trailers are dropped. Those of HTTP/2 are not: gRPC lives on them.</summary>
    private static SeenMessage Trailers(SeenMessage message) => message.Length == BodyLength.Stream ? message : message with { Trailers = [] };

    /// <summary>
    /// (4) Hop-by-hop fields and those that <c>Connection</c> nominates are removed. With them goes what they say about one
    /// hop: its version of HTTP/1 (RFC 9110 §2.5) and whether a body of untold length is chunked or ends with the
    /// connection. A client of HTTP/1.0 knows no chunks, so there it is no free choice.
    /// </summary>
    private static SeenMessage HopByHopFields(SeenMessage message)
    {
        if (message.Length == BodyLength.Stream)
        {
            return message;
        }

        var isUpgrade = IsUpgrade(message);
        var nominated = message.Headers.Where(header => header.Name == "connection").SelectMany(header => header.Value.Split(',')).Select(name => name.Trim().ToLowerInvariant()).ToHashSet();
        return message with
        {
            Version = message.Version is "HTTP/1.0" or "HTTP/1.1" ? "HTTP/1.x" : message.Version,
            Headers = message.Headers
                .Where(header => isUpgrade && header.Name == "upgrade" || (!HopByHop.Contains(header.Name) && (!nominated.Contains(header.Name) || IsProtected(header.Name))))
                .ToArray(),
            Length = message.Length == BodyLength.UntilClose && !message.IsForHttp10 ? BodyLength.Chunked
                : message.Length == BodyLength.Chunked && message.IsForHttp10 ? BodyLength.Chunked
                : message.Length,
        };
    }

    /// <summary>(5) <c>Date</c> is added where missing.</summary>
    private static SeenMessage AddedDate(SeenMessage message, SeenMessage direct) =>
        IsResponse(message) && !Has(direct, "date") ? message with { Headers = message.Headers.Where(header => header.Name != "date").ToArray() } : message;

    /// <summary>
    /// (6) The headers that the product's contract names are added, and <c>traceparent</c> and the deadlines, which are
    /// counted on, are continued: their value may change, not their presence.
    /// </summary>
    private static SeenMessage NamedHeaders(SeenMessage message, SeenMessage direct) => message with
    {
        Headers = message.Headers
            .Where(header => !AddedByRoute.Contains(header.Name) || Has(direct, header.Name))
            .Select(header => header.Name is "traceparent" or HeaderNames.GrpcTimeout or HeaderNames.RequestTimeout or HeaderNames.AttemptCount ? (header.Name, "continued") : header)
            .ToArray(),
    };

    // Fields of identity and framing may not be nominated away; the proxy's own neither.
    private static bool IsProtected(string name) =>
        name is "host" or "content-length" or "authorization" or "cookie" or "traceparent" or HeaderNames.RequestId
        || name.StartsWith("x-forwarded-", StringComparison.Ordinal)
        || name.StartsWith("x-sidecar-", StringComparison.Ordinal);

    private static bool IsUpgrade(SeenMessage message) =>
        message.Headers.Any(header => header.Name == "upgrade" && !header.Value.StartsWith("h2c", StringComparison.Ordinal) && !header.Value.StartsWith("TLS/", StringComparison.Ordinal))
        && (!IsResponse(message) || message.StartLine.Contains(("status", "101")));

    private static bool IsResponse(SeenMessage message) =>
        message.StartLine.Any(part => part.Name == "status") || message.Headers.Any(header => header.Name == ":status");

    private static bool Has(SeenMessage message, string name) => message.Headers.Any(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static string Standardised(string method) =>
        Array.Find(StandardMethods, standard => standard.Equals(method, StringComparison.OrdinalIgnoreCase)) ?? method;
}
