namespace Sidecar.Proxy.Overload;

/// <summary>How far a drain has come.</summary>
public enum DrainPhase
{
    /// <summary>Serving.</summary>
    Serving,

    /// <summary>Not ready, but everything is served as before: the callers' load balancers need time to see it.</summary>
    Accepting,

    /// <summary>No new connection; every answer closes its connection.</summary>
    Closing,

    /// <summary>The end: what still arrives is refused with <c>DR</c>.</summary>
    Refusing,
}

/// <summary>The live drain state; one writer (the drain), many readers.</summary>
public sealed class DrainState
{
    private int _phase;

    /// <summary>How far the drain has come; only ever grows.</summary>
    public DrainPhase Phase => (DrainPhase)Volatile.Read(ref _phase);

    /// <summary>Draining in any phase.</summary>
    public bool IsDraining => Phase != DrainPhase.Serving;

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
}
