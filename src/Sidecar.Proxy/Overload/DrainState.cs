namespace Sidecar.Proxy.Overload;

/// <summary>How far a drain has come. What it says of connections and answers is meant for inbound and reverse; outbound is as before until the end.</summary>
public enum DrainPhase
{
    /// <summary>Serving.</summary>
    Serving,

    /// <summary>Not ready, but everything is served as before: the callers' load balancers need time to see it.</summary>
    Accepting,

    /// <summary>No new connection; every answer closes its connection.</summary>
    Closing,

    /// <summary>Nothing that came in is in flight any more; the process waits for its signal.</summary>
    Drained,

    /// <summary>The end: what still arrives is refused with <c>DR</c>.</summary>
    Refusing,
}

/// <summary>The live drain state; one writer (the drain), many readers.</summary>
public sealed class DrainState : IDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private int _phase;

    /// <summary>How far the drain has come; only ever grows.</summary>
    public DrainPhase Phase => (DrainPhase)Volatile.Read(ref _phase);

    /// <summary>Draining in any phase.</summary>
    public bool IsDraining => Phase != DrainPhase.Serving;

    /// <summary>Cancelled when the connections that came in are to end; see <see cref="DrainedConnection"/>.</summary>
    public CancellationToken ConnectionsClosing => _closing.Token;

    /// <summary>Moves on; going back is ignored.</summary>
    /// <returns>Whether this call moved it.</returns>
    public bool Advance(DrainPhase phase)
    {
        while (true)
        {
            var current = Volatile.Read(ref _phase);
            if (current >= (int)phase)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _phase, (int)phase, current) == current)
            {
                return true;
            }
        }
    }

    /// <summary>Tells everyone who watches <see cref="ConnectionsClosing"/>.</summary>
    public void CloseConnections() => _closing.Cancel();

    /// <inheritdoc/>
    public void Dispose() => _closing.Dispose();
}
