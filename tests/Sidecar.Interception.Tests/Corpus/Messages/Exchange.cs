using System.Globalization;
using System.Text;

namespace Sidecar.Interception.Tests.Corpus.Messages;

/// <summary>Short ways to write the usual rows: one HTTP/1 request and its answer.</summary>
internal static class Exchange
{
    /// <summary>The usual answer.</summary>
    public const string Ok = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";

    /// <summary>A request without a body.</summary>
    public static string Request(string method, string target, params string[] headerLines) => Head($"{method} {target} HTTP/1.1", headerLines);

    /// <summary>A request with a counted body.</summary>
    public static string RequestWithBody(string method, string target, string body, params string[] headerLines) =>
        Head($"{method} {target} HTTP/1.1", [.. headerLines, "Content-Length: " + body.Length.ToString(CultureInfo.InvariantCulture)]) + body;

    /// <summary>A response's head.</summary>
    public static string Response(string statusLine, params string[] headerLines) =>
        string.Concat([$"HTTP/1.1 {statusLine}\r\n", .. headerLines.Select(line => line + "\r\n"), "\r\n"]);

    /// <summary>A response with a counted body.</summary>
    public static string ResponseWithBody(string statusLine, string body, params string[] headerLines) =>
        Response(statusLine, [.. headerLines, "Content-Length: " + body.Length.ToString(CultureInfo.InvariantCulture)]) + body;

    /// <summary>One chunk.</summary>
    public static string Chunk(string data) => data.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n" + data + "\r\n";

    /// <summary>A GET and the usual answer.</summary>
    public static CorpusMessage Get(string id, string target, params string[] headerLines) => Of(id, Request("GET", target, headerLines));

    /// <summary>A request, read whole, and its answer.</summary>
    public static CorpusMessage Of(string id, string request, string answer = Ok) =>
        new(id, CorpusProtocol.Http1, [Talk.Send(request), Http1.ReadResponse(request.Split(' ')[0])], [Http1.ReadBody, Talk.Send(answer)]);

    /// <summary>A GET and an answer.</summary>
    public static CorpusMessage Answered(string id, string answer) => Of(id, Request("GET", "/answer"), answer);

    /// <summary>Bytes that every value occurs in, as Latin-1 text; the same every time.</summary>
    public static string Noise(int length)
    {
        var text = new StringBuilder(length);
        var state = 2463534242u;
        for (var i = 0; i < length; i++)
        {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            text.Append((char)(state & 0xff));
        }

        return text.ToString();
    }

    private static string Head(string requestLine, string[] headerLines)
    {
        var hasHost = headerLines.Any(line => line.StartsWith("host:", StringComparison.OrdinalIgnoreCase));
        return string.Concat([requestLine + "\r\n", hasHost ? "" : "Host: corpus.test\r\n", .. headerLines.Select(line => line + "\r\n"), "\r\n"]);
    }
}
