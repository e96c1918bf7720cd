namespace Sidecar.Proxy.Interception;

/// <summary>
/// The pauses between two looks at a fragment that lies in the kernel, which says "readable" as long as it lies there. They
/// grow, so there are few looks in all; and they end, since the other side may be waiting to answer just these bytes.
/// </summary>
/// <param name="detection">The detection time.</param>
/// <param name="time">Clock.</param>
internal sealed class FragmentPauses(TimeSpan detection, TimeProvider time)
{
    // Detection times, altogether.
    private const int Patience = 10;

    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(1), Longest = TimeSpan.FromMilliseconds(50);

    private readonly long _began = time.GetTimestamp();
    private TimeSpan _next = First;

    /// <summary>How long to wait before the next look; null when it is not worth waiting.</summary>
    public TimeSpan? Next()
    {
        if (time.GetElapsedTime(_began) >= detection * Patience)
        {
            return null;
        }

        var pause = _next;
        _next = pause * 2 < Longest ? pause * 2 : Longest;
        return pause;
    }
}
