using static Sidecar.Interception.Tests.Corpus.Messages.Exchange;

namespace Sidecar.Interception.Tests.Corpus.Messages;

/// <summary>Methods, hosts and header fields of requests.</summary>
internal static class RequestHeads
{
    private static readonly string[] Methods =
    [
        "GET", "OPTIONS", "TRACE", "DELETE", "PROPFIND", "REPORT", "MKCOL", "PURGE", "SEARCH", "BREW", "X-CUSTOM", "M!#$%&'*+-.^_`|~1",
        "get", "Get", "options", "delete", "propfind", "Purge", new string('M', 40),
    ];

    private static readonly (string Name, string Host)[] Hosts =
    [
        ("name", "Host: api.example.test"),
        ("port", "Host: api.example.test:8080"),
        ("default-port", "Host: api.example.test:80"),
        ("upper-case", "Host: API.Example.TEST"),
        ("trailing-dot", "Host: api.example.test."),
        ("single-label", "Host: api"),
        ("underscore", "Host: my_service.test"),
        ("ipv4", "Host: 192.0.2.7"),
        ("ipv4-port", "Host: 192.0.2.7:81"),
        ("ipv6", "Host: [2001:db8::7]"),
        ("ipv6-port", "Host: [2001:db8::7]:8080"),
        ("punycode", "Host: xn--bcher-kva.test"),
        ("metadata", "Host: 169.254.169.254"),
        ("admin", "Host: localhost:15100"),
        ("lower-spelling", "host: api.example.test"),
        ("upper-spelling", "HOST: api.example.test"),
    ];

    private static readonly (string Name, string[] Lines)[] Fields =
    [
        ("none", []),
        ("lower-case-name", ["x-lower: 1"]),
        ("upper-case-name", ["X-UPPER: 1"]),
        ("odd-case-name", ["x-OdD-cAsE: 1"]),
        ("token-characters", ["x!#$%&'*+-.^_`|~1: 1"]),
        ("underscore-name", ["x_under_score: 1"]),
        ("digit-name", ["7: seven"]),
        ("empty-value", ["X-Empty:"]),
        ("empty-value-space", ["X-Empty: "]),
        ("no-space", ["X-Tight:value"]),
        ("much-space", ["X-Loose:    value   "]),
        ("tab", ["X-Tab:\tvalue\twith\ttabs"]),
        ("inner-spaces", ["X-Inner: a  b   c"]),
        ("quoted", ["X-Quoted: \"a, b\"; c=\"d\\\"e\""]),
        ("comma-list", ["X-List: a, b,c ,d"]),
        ("repeated", ["X-Many: 1", "X-Many: 2", "X-Many: 3"]),
        ("repeated-apart", ["X-Many: 1", "X-Other: x", "X-Many: 2"]),
        ("repeated-spelled-differently", ["X-Many: 1", "x-many: 2", "X-MANY: 3"]),
        ("repeated-same", ["X-Many: 1", "X-Many: 1"]),
        ("repeated-one-empty", ["X-Many: 1", "X-Many:", "X-Many: 3"]),
        ("cookie", ["Cookie: a=1; b=\"two\"; c"]),
        ("cookie-twice", ["Cookie: a=1", "Cookie: b=2"]),
        ("accept", ["Accept: text/html;q=0.9, */*;q=0.1"]),
        ("accept-twice", ["Accept: text/html", "Accept: application/json"]),
        ("accept-encoding", ["Accept-Encoding: gzip, br;q=0.5"]),
        ("authorization-basic", ["Authorization: Basic dXNlcjpwYXNz"]),
        ("authorization-odd", ["Authorization: Weird a=\"b\", c"]),
        ("user-agent-odd", ["User-Agent: curl/8 (((unbalanced; \"x"]),
        ("user-agent-empty", ["User-Agent:"]),
        ("referer-odd", ["Referer: not a uri at all"]),
        ("date-odd", ["If-Modified-Since: yesterday"]),
        ("range", ["Range: bytes=0-99,-1"]),
        ("if-none-match", ["If-None-Match: W/\"abc\", \"d\", *"]),
        ("via", ["Via: 1.1 somebody"]),
        ("forwarded", ["X-Forwarded-For: 192.0.2.1, 192.0.2.2", "X-Forwarded-Proto: https", "Forwarded: for=192.0.2.1"]),
        ("trace-context", ["traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate: a=1,b=2"]),
        ("baggage", ["baggage: userId=alice,serverNode=DF%2028"]),
        ("request-id", ["x-request-id: corpus-1"]),
        ("b3", ["X-B3-TraceId: 463ac35c9f6413ad48485a3953bb6124", "b3: 0"]),
        ("pseudo-like", ["X-Path: :path"]),
        ("latin1", ["X-Name: Ren\u00e9"]),
        ("utf8-bytes", ["X-Name: Ren\u00c3\u00a9 \u00e2\u0082\u00ac"]),
        ("high-bytes", ["X-Bytes: \u0080\u0081\u00a0\u00fe\u00ff"]),
        ("latin1-cookie", ["Cookie: n=Ren\u00e9"]),
        ("latin1-user-agent", ["User-Agent: b\u00f6se/1"]),
        ("proxy-authorization", ["Proxy-Authorization: Basic dXNlcjpwYXNz"]),
        ("max-forwards", ["Max-Forwards: 3"]),
        ("upgrade-insecure", ["Upgrade-Insecure-Requests: 1"]),
        ("priority", ["Priority: u=3, i"]),
        ("origin-null", ["Origin: null"]),
        ("sidecar-like", ["x-mesh-timeout: 5", "l5d-dst-override: x:1", "x-envoy-original-dst-host: 127.0.0.1:15100"]),
        ("connection-nominated", ["Connection: x-hop", "X-Hop: 1", "X-End: 1"]),
        ("connection-nominated-two", ["Connection: keep-alive, X-Hop , x-hop2", "X-Hop: 1", "X-Hop2: 2", "X-End: 1"]),
        ("connection-nominates-protected", ["Connection: authorization, cookie, x-request-id", "Authorization: Basic eA==", "Cookie: a=1", "X-Request-Id: kept"]),
        ("hop-by-hop", ["Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "TE: trailers", "X-End: 1"]),
        ("te-gzip", ["TE: gzip;q=0.5, trailers"]),
        ("trailer-announced", ["Trailer: X-Sum"]),
        ("upgrade-not-asked-for", ["Upgrade: h2c"]),
        ("upgrade-h2c", ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"]),
        ("upgrade-tls", ["Connection: Upgrade", "Upgrade: TLS/1.0"]),
    ];

    /// <summary>All of them.</summary>
    public static IEnumerable<CorpusMessage> All =>
    [
        .. Methods.Select((method, i) => Of($"method-{i + 1}-{(method.Length > 20 ? "long" : method)}", Request(method, "/method"))),
        Of("method-HEAD", Request("HEAD", "/method"), Response("200 OK", "Content-Length: 1234")),
        Of("method-head-lower", Request("head", "/method"), Response("200 OK", "Content-Length: 0")),
        Of("method-POST-empty", RequestWithBody("POST", "/method", "")),
        Of("method-POST-no-length", Request("POST", "/method")),
        Of("method-PUT-no-length", Request("PUT", "/method")),
        Of("method-PATCH", RequestWithBody("PATCH", "/method", "{}")),
        Of("method-post-lower", RequestWithBody("post", "/method", "x=1")),
        Of("method-unknown-body", RequestWithBody("BREW", "/method", "coffee")),
        Of("method-GET-body", RequestWithBody("GET", "/method", "a body on a GET")),
        Of("method-DELETE-body", RequestWithBody("DELETE", "/method", "a body on a DELETE")),
        .. Hosts.Select(row => Get("host-" + row.Name, "/host", row.Host)),
        .. Fields.Select(row => Get("request-field-" + row.Name, "/field", row.Lines)),
        Get("request-field-long-value", "/field", "X-Long: " + new string('v', 8000)),
        Get("request-field-long-name", "/field", $"X-{new string('n', 200)}: 1"),
        Get("request-field-60-fields", "/field", [.. Enumerable.Range(1, 60).Select(i => $"X-Field-{i}: value {i}")]),
        Get("request-field-40-repeats", "/field", [.. Enumerable.Range(1, 40).Select(i => $"X-Many: value {i}")]),
        Get("request-field-20-KB", "/field", [.. Enumerable.Range(1, 20).Select(i => $"X-Big-{i}: {new string((char)('a' + i), 1000)}")]),
        Get("request-leading-crlf", "/field") with { Client = [Talk.Send("\r\n" + Request("GET", "/field")), Http1.ReadResponse()] },
    ];
}
