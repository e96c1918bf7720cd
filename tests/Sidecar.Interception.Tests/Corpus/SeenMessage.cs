namespace Sidecar.Interception.Tests.Corpus;

/// <summary>How a message said where it ends.</summary>
internal enum BodyLength
{
    /// <summary>It cannot have a body, or said nothing and is a request.</summary>
    None,

    /// <summary>By <c>Content-Length</c>.</summary>
    Counted,

    /// <summary>By the chunked transfer coding.</summary>
    Chunked,

    /// <summary>By the end of the connection.</summary>
    UntilClose,

    /// <summary>By the end of its HTTP/2 stream.</summary>
    Stream,
}

/// <summary>One HTTP message as one side saw it, complete enough that nothing can change unseen.</summary>
internal sealed record SeenMessage
{
    /// <summary><c>HTTP/1.1</c>, <c>HTTP/2</c>.</summary>
    public required string Version { get; init; }

    /// <summary>Method and target, or status and reason; empty for HTTP/2, whose pseudo-fields are among <see cref="Headers"/>.</summary>
    public required IReadOnlyList<(string Name, string Value)> StartLine { get; init; }

    /// <summary>Names and values in order, byte for byte as Latin-1.</summary>
    public required IReadOnlyList<(string Name, string Value)> Headers { get; init; }

    /// <summary>How its length was told.</summary>
    public required BodyLength Length { get; init; }

    /// <summary>Without the framing.</summary>
    public byte[] Body { get; init; } = [];

    /// <summary>Did it end as it promised?</summary>
    public bool IsComplete { get; init; } = true;

    /// <summary>After the body.</summary>
    public IReadOnlyList<(string Name, string Value)> Trailers { get; init; } = [];

    /// <summary>Interim responses before it: status, then each header line.</summary>
    public IReadOnlyList<string> Interim { get; init; } = [];

    /// <summary>How its HTTP/2 stream was reset; empty when it was not.</summary>
    public string Reset { get; init; } = "";

    /// <summary>Was it read by a client of HTTP/1.0, which knows no chunks?</summary>
    public bool IsForHttp10 { get; init; }

    /// <summary>A request of HTTP/1.</summary>
    public static SeenMessage Of(RecordedRequest request, bool isComplete) => new()
    {
        Version = request.StartLine[(request.StartLine.LastIndexOf(' ') + 1)..],
        StartLine = [("method", request.Method), ("target", request.Target)],
        Headers = request.Headers,
        Length = LengthOf(request, BodyLength.None),
        Body = request.Body,
        IsComplete = isComplete,
        Trailers = request.TrailerLines.Select(Split).ToArray(),
    };

    /// <summary>A response of HTTP/1.</summary>
    public static SeenMessage Of(RawResponse response, bool isHead, bool isForHttp10, IEnumerable<RawResponse> interim) => new()
    {
        Version = response.StartLine[..8],
        StartLine = [("status", response.StartLine[9..12]), ("reason", response.StartLine.Length > 13 ? response.StartLine[13..] : "")],
        Headers = response.Headers,
        Length = isHead || response.Status is 101 or 204 or 304 ? BodyLength.None : LengthOf(response, BodyLength.UntilClose),
        Body = response.Body,
        IsComplete = response.IsComplete,
        Trailers = response.TrailerLines.Select(Split).ToArray(),
        Interim = interim.Select(one => string.Join(" | ", one.HeaderLines.Prepend(one.Status.ToString(System.Globalization.CultureInfo.InvariantCulture)))).ToArray(),
        IsForHttp10 = isForHttp10,
    };

    /// <summary>Everything as fields that can be compared; a header's field is its name, its value all its lines.</summary>
    public IEnumerable<(string Name, string Value)> Fields()
    {
        yield return ("version", Version);
        foreach (var field in StartLine)
        {
            yield return field;
        }

        foreach (var field in Grouped("header", Headers).Concat(Grouped("trailer", Trailers)))
        {
            yield return field;
        }

        yield return ("header order", string.Join(", ", Headers.Select(header => header.Name)));
        yield return ("length", Length.ToString());
        yield return ("body", Printable.Of(Body));
        yield return ("complete", IsComplete ? "yes" : "no");
        yield return ("interim", string.Join(" ; ", Interim));
        yield return ("reset", Reset);
    }

    private static IEnumerable<(string Name, string Value)> Grouped(string kind, IEnumerable<(string Name, string Value)> lines) => lines
        .GroupBy(line => line.Name, StringComparer.Ordinal)
        .Select(group => ($"{kind} {group.Key}", string.Join(" ⏎ ", group.Select(line => Printable.Of(line.Value)))));

    private static BodyLength LengthOf(Http1Message message, BodyLength otherwise) =>
        message.IsChunked ? BodyLength.Chunked : message.Has("content-length") ? BodyLength.Counted : otherwise;

    private static (string Name, string Value) Split(string line) =>
        line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? (line[..colon], line[(colon + 1)..].Trim(' ', '\t')) : (line, "");
}
