namespace Sidecar.LoadGen.Recording;

/// <summary>What one stretch of load came to. One thread writes; tallies add up.</summary>
public sealed class Tally
{
    private readonly SortedDictionary<string, long> _failures = new(StringComparer.Ordinal);
    private readonly SortedDictionary<int, long> _statuses = [];

    /// <summary>From the intended start to the end of the answer, successes.</summary>
    public LatencyHistogram Latency { get; } = new();

    /// <summary>From the write of the request to the end of the answer: what a closed loop would have seen of the same requests.</summary>
    public LatencyHistogram Service { get; } = new();

    /// <summary>From the intended start to the end of a failure.</summary>
    public LatencyHistogram FailedLatency { get; } = new();

    /// <summary>How late the generator itself noticed an intended start. If this is long, the generator was the bottleneck.</summary>
    public LatencyHistogram Lateness { get; } = new();

    /// <summary>Intended start and latency of each success, nanoseconds; null unless somebody wants to choose among them.</summary>
    public List<(long Intended, long Latency)>? Starts { get; init; }

    /// <summary>Successes.</summary>
    public long Succeeded => Latency.Count;

    /// <summary>Failures of every kind.</summary>
    public long Failed { get; private set; }

    /// <summary>Requests that ended, well or not.</summary>
    public long Ended => Succeeded + Failed;

    /// <summary>Bytes of answers' bodies.</summary>
    public long BodyBytes { get; private set; }

    /// <summary>Time covered, nanoseconds.</summary>
    public long Duration { get; set; }

    /// <summary>Successes per second.</summary>
    public double Rate => Duration == 0 ? 0 : Succeeded * 1e9 / Duration;

    /// <summary>Failures by reason.</summary>
    public IReadOnlyDictionary<string, long> Failures => _failures;

    /// <summary>Answers by status.</summary>
    public IReadOnlyDictionary<int, long> Statuses => _statuses;

    /// <summary>A request that was answered as wished.</summary>
    public void Succeed(int status, long latency, long service, long bodyBytes)
    {
        Latency.Record(latency);
        Service.Record(service);
        BodyBytes += bodyBytes;
        Count(status);
    }

    /// <summary>A request that was not.</summary>
    /// <param name="reason">From a small set: it becomes a row of the report.</param>
    /// <param name="status">0 when there was no answer.</param>
    /// <param name="latency">From the intended start.</param>
    public void Fail(string reason, int status, long latency)
    {
        Failed++;
        FailedLatency.Record(latency);
        _failures[reason] = _failures.GetValueOrDefault(reason) + 1;
        Count(status);
    }

    /// <summary>Adds another stretch; durations add up too, as those of slices one after the other do.</summary>
    public void Add(Tally other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Latency.Add(other.Latency);
        Service.Add(other.Service);
        FailedLatency.Add(other.FailedLatency);
        Lateness.Add(other.Lateness);
        Failed += other.Failed;
        BodyBytes += other.BodyBytes;
        Duration += other.Duration;
        foreach (var (reason, count) in other._failures)
        {
            _failures[reason] = _failures.GetValueOrDefault(reason) + count;
        }

        foreach (var (status, count) in other._statuses)
        {
            _statuses[status] = _statuses.GetValueOrDefault(status) + count;
        }
    }

    private void Count(int status)
    {
        if (status != 0)
        {
            _statuses[status] = _statuses.GetValueOrDefault(status) + 1;
        }
    }
}
