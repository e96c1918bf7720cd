namespace Sidecar.Interception.Tests.Corpus;

/// <summary>One difference that is none of ours: the server or the client of the platform makes it, and it is not in the closed list.</summary>
/// <param name="Reason">What happens, and what would end it.</param>
/// <param name="Fields">Beginnings of the names of the fields that may differ; empty where the message does not get through at all.</param>
/// <param name="Ids">The messages that show it.</param>
internal sealed record PlatformDifference(string Reason, string[] Fields, string[] Ids)
{
    /// <summary>The message waits in vain: it is sent once, not in every setting, since each waits for its limit.</summary>
    public bool IsHang => Fields.Length == 0;
}

/// <summary>
/// What the platform changes beyond the closed list, row by row: published in the README, expected here, and to be removed
/// when a row no longer differs. src/decisions/0011-platform-differences.md says what was tried and what ends each.
/// </summary>
internal static class PlatformDifferences
{
    public static IReadOnlyList<PlatformDifference> All { get; } =
    [
        new("Repeated fields of a request become one, joined by a comma, cookies by a semicolon (the client; RFC 9110 §5.3 makes them equal).",
            ["server request 1: header "],
            [
                "request-field-repeated", "request-field-repeated-same", "request-field-repeated-apart", "request-field-repeated-one-empty",
                "request-field-repeated-spelled-differently", "request-field-40-repeats", "request-field-accept-twice", "request-field-cookie-twice",
                "h2-request-field-repeated", "h2-request-field-cookie-crumbs", "grpc-unary-metadata",
            ]),
        new("A trailers-only answer of gRPC gets content-length: 0 (the server).",
            ["client response 1: header content-length", "client response 1: header order"],
            ["grpc-trailers-only"]),
        new("Trailers of an HTTP/2 request are dropped (the client cannot send them).", ["server request 1: trailer"], ["h2-request-trailers"]),
        new("An HTTP/1.0 request without Host gets one (the client).", ["server request 1: header host", "server request 1: header order"], ["http10-get-no-host"]),
        new("An empty reason phrase, and any of a 101, becomes the standard one (the server).", ["client response 1: reason", "client head 1: reason"], ["reason-empty", "upgrade-by-post"]),
        new("Content-Length: 005 becomes 5 (the server).", ["server request 1: header content-length"], ["request-body-length-leading-zeros"]),
        new("100 Continue is not sent when the body is there already (the server; RFC 9110 §10.1.1 allows it).", ["client response 1: interim"], ["expect-continue-body-at-once"]),
        new("An HTTP/1 upstream's answer is not heard before the request's body was sent (the client).", [], ["request-body-answered-early"]),
        new("The end of the caller's half of an HTTP/2 tunnel is not passed on before the other half ends (the client's stream ends both at once).", [], ["h2-websocket"]),
    ];

    /// <summary>The row of a message; null when it must not differ.</summary>
    public static PlatformDifference? Of(string id) => All.FirstOrDefault(row => row.Ids.Contains(id));
}
