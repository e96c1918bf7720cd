namespace Sidecar.Proxy.Overload;

/// <summary>
/// Gives memory back while traffic goes on. What lives through a burst becomes old, and the collector by itself looks at old
/// objects only when many more are added: connections that a burst opened would stay in memory for as long as steady traffic
/// follows it. So a full collection is asked for when enough of them may be garbage: it takes about a millisecond for each
/// megabyte that is alive, 5 ms after a burst of 300 connections, and that rarely. <see cref="QuietMemory"/> is for the time
/// without traffic. Observed once a second by one thread.
/// </summary>
/// <param name="look">The old objects.</param>
/// <param name="connectionsClosed">Connections that ended since the start, on both sides.</param>
/// <param name="time">Clock.</param>
/// <param name="collect">Collects everything; the process stands still for it.</param>
public sealed class BusyMemory(Func<OldGeneration> look, Func<long> connectionsClosed, TimeProvider time, Action collect)
{
    // The interval at which Go's runtime collects when nothing else made it (forcegcperiod in runtime/proc.go). Longer than an
    // upstream connection is kept idle by default (50 s): most of what a burst opened has been closed by then.
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(2);

    // What a connection of either side leaves, as measured in decision 0014.
    private const long BytesOfConnection = 12_600;

    // Garbage below this is not worth a pause; nor is less than a quarter of what has to be walked for it.
    private const long Least = 1 << 20;
    private const long ShareOfKept = 4;

    private int _fullCollections = -1;
    private long _since;
    private long _kept;
    private long _closedBefore;

    /// <summary>Looks at the old objects now.</summary>
    public void Observe()
    {
        var old = look();
        var closed = connectionsClosed();
        if (old.FullCollections != _fullCollections)
        {
            _fullCollections = old.FullCollections;
            _since = time.GetTimestamp();
            _kept = old.Bytes;
            _closedBefore = closed;
        }
        else if (time.GetElapsedTime(_since) >= Interval && Garbage(old, closed) >= Math.Max(Least, _kept / ShareOfKept))
        {
            collect();
        }
    }

    // The most that may be garbage. A connection that came and went since is in both: rather once too often than never.
    private long Garbage(OldGeneration old, long closed) => old.Bytes - _kept + ((closed - _closedBefore) * BytesOfConnection);
}
