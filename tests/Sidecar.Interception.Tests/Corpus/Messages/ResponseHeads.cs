using static Sidecar.Interception.Tests.Corpus.Messages.Exchange;

namespace Sidecar.Interception.Tests.Corpus.Messages;

/// <summary>Status lines and header fields of responses.</summary>
internal static class ResponseHeads
{
    private static readonly string[] Statuses =
    [
        "200 OK", "201 Created", "202 Accepted", "203 Non-Authoritative Information", "206 Partial Content", "207 Multi-Status", "218 This is fine",
        "300 Multiple Choices", "301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect",
        "400 Bad Request", "401 Unauthorized", "402 Payment Required", "403 Forbidden", "404 Not Found", "405 Method Not Allowed", "406 Not Acceptable",
        "407 Proxy Authentication Required", "408 Request Timeout", "409 Conflict", "410 Gone", "418 I'm a teapot", "421 Misdirected Request",
        "422 Unprocessable Content", "425 Too Early", "429 Too Many Requests", "431 Request Header Fields Too Large", "451 Unavailable For Legal Reasons", "499 Odd",
        "500 Internal Server Error", "501 Not Implemented", "502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout", "505 HTTP Version Not Supported",
        "507 Insufficient Storage", "508 Loop Detected", "511 Network Authentication Required", "555 Custom", "599 Last", "600 Beyond", "999 Far Beyond",
    ];

    private static readonly (string Name, string StatusLine)[] Reasons =
    [
        ("other", "200 All is well"),
        ("empty", "200 "),
        ("lower-case", "404 not found"),
        ("long", "200 " + new string('r', 200)),
        ("punctuation", "200 \"(quite)\", <fine>; ok!"),
    ];

    private static readonly (string Name, string[] Lines)[] Fields =
    [
        ("lower-case-name", ["x-lower: 1"]),
        ("upper-case-name", ["X-UPPER: 1"]),
        ("token-characters", ["x!#$%&'*+-.^_`|~1: 1"]),
        ("empty-value", ["X-Empty:"]),
        ("no-space", ["X-Tight:value"]),
        ("tabs", ["X-Tab:\tvalue\twith\ttabs"]),
        ("inner-spaces", ["X-Inner: a  b   c"]),
        ("repeated", ["X-Many: 1", "X-Many: 2", "X-Many: 3"]),
        ("repeated-spelled-differently", ["X-Many: 1", "x-many: 2"]),
        ("set-cookie", ["Set-Cookie: a=1; Path=/; Expires=Wed, 21 Oct 2037 07:28:00 GMT; HttpOnly"]),
        ("set-cookie-twice", ["Set-Cookie: a=1, still a", "Set-Cookie: b=2", "Set-Cookie: a=3"]),
        ("content-type-odd", ["Content-Type: not/a/type;;"]),
        ("content-type-twice-charset", ["Content-Type: text/html; charset=\"utf-8\"; charset=latin1"]),
        ("content-encoding-not-undone", ["Content-Encoding: gzip"]),
        ("content-disposition", ["Content-Disposition: attachment; filename=\"na\u00efve.txt\"; filename*=UTF-8''na%C3%AFve.txt"]),
        ("content-md5-length-fields", ["Content-MD5: x", "Content-Range: bytes 0-1/2", "Content-Language: de, en", "Content-Location: /l"]),
        ("date", ["Date: Tue, 15 Nov 1994 08:12:31 GMT"]),
        ("date-odd", ["Date: a while ago"]),
        ("expires-zero", ["Expires: 0", "Last-Modified: never", "Age: -1"]),
        ("etag-weak", ["ETag: W/\"x\"", "Vary: *"]),
        ("location-odd", ["Location: ../x?y=[z]&u=\u00e9"]),
        ("www-authenticate", ["WWW-Authenticate: Negotiate", "WWW-Authenticate: Basic realm=\"a, b\""]),
        ("proxy-authenticate", ["Proxy-Authenticate: Basic realm=\"p\""]),
        ("server", ["Server: (very) odd/1"]),
        ("via", ["Via: 1.1 somebody"]),
        ("link", ["Link: </a.css>; rel=preload", "Link: </b.js>; rel=preload"]),
        ("retry-after", ["Retry-After: 120"]),
        ("cors", ["Access-Control-Allow-Origin: *", "Access-Control-Expose-Headers: X-A, X-B"]),
        ("alt-svc-security", ["Strict-Transport-Security: max-age=1", "Content-Security-Policy: default-src 'self'; script-src 'nonce-x'"]),
        ("latin1", ["X-Name: Ren\u00e9"]),
        ("utf8-bytes", ["X-Name: Ren\u00c3\u00a9"]),
        ("high-bytes", ["X-Bytes: \u0080\u00a0\u00fe\u00ff"]),
        ("request-id", ["x-request-id: from-the-server"]),
        ("connection-nominated", ["Connection: x-hop", "X-Hop: 1", "X-End: 1"]),
        ("hop-by-hop", ["Keep-Alive: timeout=5, max=100", "Proxy-Connection: keep-alive", "X-End: 1"]),
        ("trailer-announced", ["Trailer: X-Sum"]),
        ("upgrade-offered", ["Upgrade: h2c", "Connection: Upgrade"]),
        ("grpc-like-on-http1", ["Content-Type: application/grpc", "grpc-status: 14", "grpc-message: not%20now"]),
        ("long-value", ["X-Long: " + new string('v', 8000)]),
        ("60-fields", [.. Enumerable.Range(1, 60).Select(i => $"X-Field-{i}: value {i}")]),
    ];

    /// <summary>All of them.</summary>
    public static IEnumerable<CorpusMessage> All =>
    [
        .. Statuses.Select(status => Answered("status-" + status[..3], ResponseWithBody(status, "body of " + status[..3]))),
        .. Reasons.Select(row => Answered("reason-" + row.Name, ResponseWithBody(row.StatusLine, "ok"))),
        .. Fields.Select(row => Answered("response-field-" + row.Name, ResponseWithBody("200 OK", "ok", row.Lines))),
        Interim("interim-102", "102 Processing"),
        Interim("interim-103", "103 Early Hints", "Link: </style.css>; rel=preload"),
        Answered("interim-three", Response("103 Early Hints", "Link: </a>") + Response("103 Early Hints", "Link: </b>") + Response("102 Processing") + Ok),
    ];

    private static CorpusMessage Interim(string id, string statusLine, params string[] lines) => Answered(id, Response(statusLine, lines) + Ok);
}
