namespace Sidecar.LoadGen.Pacing;

/// <summary>A stretch of an open-loop schedule: starts per second at its beginning and its end, and how long it lasts.</summary>
/// <param name="From">Starts per second at the beginning.</param>
/// <param name="To">Starts per second at the end; the rate changes evenly between.</param>
/// <param name="Duration">Nanoseconds.</param>
public readonly record struct LoadPhase(double From, double To, long Duration)
{
    /// <summary>The same rate throughout.</summary>
    public static LoadPhase Constant(double perSecond, TimeSpan during) => Ramp(perSecond, perSecond, during);

    /// <summary>A rate that changes evenly.</summary>
    public static LoadPhase Ramp(double from, double to, TimeSpan during)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfNegative(to);
        ArgumentOutOfRangeException.ThrowIfLessThan(during, TimeSpan.Zero);
        return new LoadPhase(from, to, (long)during.TotalNanoseconds);
    }

    /// <summary>Starts in this phase, as a real number.</summary>
    public double Starts => (From + To) / 2 * Duration / 1e9;
}
