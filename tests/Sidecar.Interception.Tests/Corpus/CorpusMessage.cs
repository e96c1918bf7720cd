namespace Sidecar.Interception.Tests.Corpus;

/// <summary>What the server's side of a message speaks.</summary>
internal enum CorpusProtocol
{
    /// <summary>HTTP/1: a turn per request, on whatever connection it comes.</summary>
    Http1,

    /// <summary>HTTP/2: a turn per stream, on whatever connection it comes.</summary>
    Http2,

    /// <summary>Anything: a turn per connection, of which there must be as many here as there.</summary>
    Bytes,
}

/// <summary>One row of the corpus: what the client does, and what the server does with each turn.</summary>
/// <param name="Id">Unique; failures name it.</param>
/// <param name="Protocol">What the server speaks.</param>
/// <param name="Client">The client's steps, on one connection.</param>
/// <param name="Answers">The server's steps, turn by turn.</param>
internal sealed record CorpusMessage(string Id, CorpusProtocol Protocol, Step[] Client, params Step[][] Answers)
{
    /// <summary>The server's port; 0 where it does not matter.</summary>
    public int Port { get; init; }

    /// <summary>Does it only make sense away from the application? (PRODUCT §4: a forward proxy's requests.)</summary>
    public bool IsOutboundOnly { get; init; }

    /// <summary>Does it end without an answer? On a written route the proxy then answers in its own words, as its contract says; elsewhere it mirrors.</summary>
    public bool IsMirroredOnly { get; init; }
}
