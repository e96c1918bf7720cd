using Sidecar.LoadGen.Wire;

namespace Sidecar.LoadGen.Engine;

/// <summary>How one exchange ended.</summary>
/// <param name="Problem">Null: as wished.</param>
/// <param name="Status">0: there was no answer.</param>
/// <param name="BodyBytes">Of the answer.</param>
public readonly record struct ExchangeResult(string? Problem, int Status, long BodyBytes);

/// <summary>A connection that carries one exchange at a time.</summary>
public abstract class Lane
{
    /// <summary>Is called when an exchange has ended; may begin the next one at once.</summary>
    public Action<Lane, ExchangeResult>? Completed { get; set; }

    /// <summary>When the exchange under way should have started; the caller's to set.</summary>
    public long Intended { get; set; }

    /// <summary>When it was begun.</summary>
    public long Begun { get; set; }

    /// <summary>What the exchange under way is for; the caller's.</summary>
    public object? State { get; set; }

    /// <summary>Connections, or streams, opened so far: more than one when the first did not last.</summary>
    public int Connections { get; protected set; }

    /// <summary>Is an exchange under way?</summary>
    public abstract bool IsBusy { get; }

    /// <summary>Sends a request. A connection that has been closed is opened again first, within the time of the request.</summary>
    public abstract void Begin(RequestImage request);

    /// <summary>Gives up the exchange under way, which completes with this problem, and the connection with it.</summary>
    public abstract void Abandon(string problem);

    /// <summary>Ends the connection; nothing is completed.</summary>
    public abstract void Close();
}
