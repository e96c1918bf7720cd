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
/// when a row no longer differs. All but the last end with an HTTP path of our own.
/// </summary>
internal static class PlatformDifferences
{
    public static IReadOnlyList<PlatformDifference> All { get; } =
    [
        new("A request without body and length gets Content-Length: 0, unless its method is GET, HEAD, OPTIONS, DELETE or CONNECT (the client).",
            ["server request 1: header content-length", "server request 1: header order", "server request 1: length"],
            [
                "method-3-TRACE", "method-5-PROPFIND", "method-6-REPORT", "method-7-MKCOL", "method-8-PURGE", "method-9-SEARCH", "method-10-BREW",
                "method-11-X-CUSTOM", "method-12-M!#$%&'*+-.^_`|~1", "method-17-propfind", "method-18-Purge", "method-POST-no-length", "method-PUT-no-length",
                "http10-unknown-method", "h2-method-BREW", "h2-method-PROPFIND", "h2-body-empty",
            ]),
        new("Repeated fields of a request become one, joined by a comma, cookies by a semicolon (the client; RFC 9110 §5.3 makes them equal).",
            ["server request 1: header "],
            [
                "request-field-repeated", "request-field-repeated-same", "request-field-repeated-apart", "request-field-repeated-one-empty",
                "request-field-repeated-spelled-differently", "request-field-40-repeats", "request-field-accept-twice", "request-field-cookie-twice",
                "h2-request-field-repeated", "h2-request-field-cookie-crumbs", "grpc-unary-metadata",
            ]),
        new("A trailers-only answer of gRPC gets content-length: 0 (the server).",
            ["client response 1: header content-length", "client response 1: header order"],
            ["grpc-trailers-only", "grpc-web-content-type"]),
        new("Trailers of an HTTP/2 request are dropped (the client cannot send them).", ["server request 1: trailer"], ["h2-request-trailers"]),
        new("An HTTP/1.0 request without Host gets one (the client).", ["server request 1: header host", "server request 1: header order"], ["http10-get-no-host"]),
        new("An empty reason phrase becomes the standard one (the server).", ["client response 1: reason"], ["reason-empty"]),
        new("Content-Length: 005 becomes 5 (the server).", ["server request 1: header content-length"], ["request-body-length-leading-zeros"]),
        new("Fields that Connection nominates beside close or keep-alive pass: the server reduces the list to that word first.",
            ["server request 1: header "],
            ["request-field-connection-nominated-two", "close-asked-in-a-list"]),
        new("100 Continue is not sent when the body is there already (the server; RFC 9110 §10.1.1 allows it).", ["client response 1: interim"], ["expect-continue-body-at-once"]),
        new("An HTTP/1 upstream's answer is not heard before the request's body was sent; of a body that is waited for by Expect, before the caller was asked for it where it has at most 1 KiB (the client).",
            [], ["expect-continue-refused", "expect-continue-answered-without", "request-body-answered-early"]),
        new("A caller that closes its sending half behind an HTTP/1 request is taken for gone (the server).", [], ["half-close-after-request", "half-close-after-body"]),
        new("The end of the caller's half of an HTTP/2 tunnel is not passed on before the other half ends (Yarp).", [], ["h2-websocket"]),
    ];

    /// <summary>The row of a message; null when it must not differ.</summary>
    public static PlatformDifference? Of(string id) => All.FirstOrDefault(row => row.Ids.Contains(id));
}
