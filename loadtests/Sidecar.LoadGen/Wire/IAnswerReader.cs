namespace Sidecar.LoadGen.Wire;

/// <summary>How far an answer has been read.</summary>
public enum ReadState
{
    /// <summary>All that was given is used, and it is not complete.</summary>
    NeedMore,

    /// <summary>One answer is complete; what follows was not used.</summary>
    Complete,

    /// <summary>This is not an answer.</summary>
    Failed,
}

/// <summary>Reads one answer after the other from a connection's bytes, in whatever pieces they come.</summary>
public interface IAnswerReader
{
    /// <summary>Of the answer read last.</summary>
    int Status { get; }

    /// <summary>Bytes of its body, without framing.</summary>
    long BodyBytes { get; }

    /// <summary>May the connection be used for another request?</summary>
    bool IsReusable { get; }

    /// <summary>Why it failed; a short constant, for it becomes a row of the report.</summary>
    string Problem { get; }

    /// <summary>Expects the next answer.</summary>
    void Begin(RequestImage request);

    /// <summary>Gives what arrived.</summary>
    /// <param name="bytes">In order, without gaps.</param>
    /// <param name="used">How much of it belongs to this answer.</param>
    ReadState Feed(ReadOnlySpan<byte> bytes, out int used);

    /// <summary>The other side has closed.</summary>
    ReadState End();
}
