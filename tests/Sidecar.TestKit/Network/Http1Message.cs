using System.Globalization;
using System.Text;

namespace Sidecar.TestKit.Network;

/// <summary>The head of an HTTP/1 message exactly as it came, and a view of it. Bytes are Latin-1 characters throughout.</summary>
public abstract class Http1Message
{
    /// <summary>The parts of the head; nothing is validated, trimmed or decoded except the white space around values.</summary>
    /// <param name="head">Start line to empty line, inclusive.</param>
    protected Http1Message(byte[] head)
    {
        Head = head;
        var lines = Encoding.Latin1.GetString(head).Split("\r\n");
        StartLine = lines[0];
        HeaderLines = lines[1..^2];
        Headers = HeaderLines
            .Select(line => (Line: line, Colon: line.IndexOf(':', StringComparison.Ordinal)))
            .Select(found => found.Colon < 0 ? (found.Line, "") : (found.Line[..found.Colon], found.Line[(found.Colon + 1)..].Trim(' ', '\t')))
            .ToArray();
    }

    /// <summary>Start line to empty line, inclusive.</summary>
    public byte[] Head { get; }

    /// <summary>Request or status line.</summary>
    public string StartLine { get; }

    /// <summary>Header lines as they came.</summary>
    public IReadOnlyList<string> HeaderLines { get; }

    /// <summary>Names and values in order.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; }

    /// <summary>The body without its framing; empty until read.</summary>
    public byte[] Body { get; set; } = [];

    /// <summary>The body as Latin-1.</summary>
    public string BodyText => Encoding.Latin1.GetString(Body);

    /// <summary>HTTP/1.1 trailers after a chunked body.</summary>
    public IReadOnlyList<string> TrailerLines { get; set; } = [];

    /// <summary>All values of a header; empty when absent.</summary>
    public IReadOnlyList<string> All(string name) =>
        Headers.Where(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(header => header.Value).ToArray();

    /// <summary>The only value of a header; null when absent.</summary>
    /// <exception cref="InvalidOperationException">It came more than once.</exception>
    public string? Header(string name) => All(name).SingleOrDefault();

    /// <summary>Is it there, even empty?</summary>
    public bool Has(string name) => All(name).Count > 0;

    /// <summary>Framed by chunks.</summary>
    public bool IsChunked => All("transfer-encoding").Any(value => value.EndsWith("chunked", StringComparison.OrdinalIgnoreCase));

    /// <summary>Reads what follows the head by its framing.</summary>
    protected async Task ReadFramedBodyAsync(WireReader reader, bool untilClose, CancellationToken cancellationToken)
    {
        if (IsChunked)
        {
            await ReadChunksAsync(reader, cancellationToken);
        }
        else if (All("content-length") is [var length, ..])
        {
            await ReadCountedAsync(reader, int.Parse(length, CultureInfo.InvariantCulture), cancellationToken);
        }
        else if (untilClose)
        {
            await ReadToEndAsync(reader, cancellationToken);
        }
    }

    private async Task ReadCountedAsync(WireReader reader, int length, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        try
        {
            while (body.Length < length)
            {
                body.Write(await reader.ReadExactlyAsync((int)Math.Min(Math.Max(1, reader.Buffered), length - body.Length), cancellationToken));
            }
        }
        finally
        {
            Body = body.ToArray();
        }
    }

    private async Task ReadToEndAsync(WireReader reader, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        try
        {
            while (await reader.ReadSomeAsync(cancellationToken) is { Length: > 0 } some)
            {
                body.Write(some);
            }
        }
        finally
        {
            Body = body.ToArray();
        }
    }

    private async Task ReadChunksAsync(WireReader reader, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        try
        {
            while (true)
            {
                var line = await reader.ReadThroughAsync("\r\n"u8.ToArray(), cancellationToken) ?? throw new EndOfStreamException("ended between chunks");
                var size = int.Parse(Encoding.Latin1.GetString(line).TrimEnd().Split(';')[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                if (size == 0)
                {
                    break;
                }

                body.Write(await reader.ReadExactlyAsync(size, cancellationToken));
                await reader.ReadExactlyAsync(2, cancellationToken);
            }
        }
        finally
        {
            Body = body.ToArray();
        }

        var trailers = new List<string>();
        while (true)
        {
            var line = await reader.ReadThroughAsync("\r\n"u8.ToArray(), cancellationToken) ?? throw new EndOfStreamException("ended in the trailers");
            if (line.Length == 2)
            {
                break;
            }

            trailers.Add(Encoding.Latin1.GetString(line, 0, line.Length - 2));
        }

        TrailerLines = trailers;
    }
}

/// <summary>A request as the upstream saw it.</summary>
public sealed class RecordedRequest(byte[] head, int connection, int indexOnConnection) : Http1Message(head)
{
    /// <summary>Which connection brought it, counted from 1.</summary>
    public int Connection { get; } = connection;

    /// <summary>Which request of its connection it is, counted from 1.</summary>
    public int IndexOnConnection { get; } = indexOnConnection;

    /// <summary>As in the request line.</summary>
    public string Method => StartLine.Split(' ')[0];

    /// <summary>As in the request line.</summary>
    public string Target => StartLine[(Method.Length + 1)..StartLine.LastIndexOf(' ')];

    /// <summary>Which attempt of the proxy this is: <c>x-attempt-count</c>; 0 when absent.</summary>
    public int Attempt => int.TryParse(Header("x-attempt-count"), CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>Reads the body.</summary>
    public Task ReadBodyAsync(WireReader reader, CancellationToken cancellationToken) => ReadFramedBodyAsync(reader, untilClose: false, cancellationToken);
}

/// <summary>A response as the caller saw it.</summary>
public sealed class RawResponse(byte[] head) : Http1Message(head)
{
    /// <summary>Three digits of the status line.</summary>
    public int Status { get; } = int.Parse(Encoding.Latin1.GetString(head, 9, 3), CultureInfo.InvariantCulture);

    /// <summary>Interim responses (1xx) before it.</summary>
    public IReadOnlyList<RawResponse> Interim { get; init; } = [];

    /// <summary>The body arrived whole, as its framing promised.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The flags of <c>x-sidecar-flags</c>, most recent first.</summary>
    public string[] Flags => Header("x-sidecar-flags")?.Split(',', StringSplitOptions.TrimEntries) ?? [];

    /// <summary>The answer asks that the connection be closed.</summary>
    public bool SaysClose => All("connection").Any(value => value.Contains("close", StringComparison.OrdinalIgnoreCase));

    /// <summary>Reads the body; a cut transfer leaves <see cref="IsComplete"/> false and what came in <see cref="Http1Message.Body"/>.</summary>
    public async Task ReadBodyAsync(WireReader reader, bool isHead, CancellationToken cancellationToken)
    {
        if (isHead || Status is 204 or 304 or (>= 100 and < 200))
        {
            IsComplete = true;
            return;
        }

        try
        {
            await ReadFramedBodyAsync(reader, untilClose: true, cancellationToken);
            IsComplete = true;
        }
        catch (IOException)
        {
            // EndOfStreamException is one: the transfer was cut.
        }
    }
}
