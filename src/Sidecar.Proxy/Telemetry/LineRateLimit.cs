namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// At most so many lines in each second; what is beyond is counted, and the count is handed over once the second is over, also
/// when no further line comes. Thread-safe, never blocks for long.
/// </summary>
internal sealed class LineRateLimit : IDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly Action<long> _suppressed;
    private readonly ITimer _timer;
    private long _windowStart;
    private int _passed;
    private long _left;

    /// <param name="time">Its clock.</param>
    /// <param name="linesPerSecond">How many pass in a second; may be changed.</param>
    /// <param name="suppressed">Told how many were left out in a second; never with 0.</param>
    internal LineRateLimit(TimeProvider time, int linesPerSecond, Action<long> suppressed)
    {
        _time = time;
        LinesPerSecond = linesPerSecond;
        _suppressed = suppressed;
        _windowStart = time.GetTimestamp();
        _timer = time.CreateTimer(static state => ((LineRateLimit)state!).Report(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many pass in a second.</summary>
    internal int LinesPerSecond { get; set; }

    /// <summary>May a line be written now? If not it is counted.</summary>
    internal bool TryPass()
    {
        long report = 0;
        var isPassed = true;
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            if (_time.GetElapsedTime(_windowStart, now) >= Window)
            {
                report = _left;
                StartWindow(now);
            }

            if (_passed < LinesPerSecond)
            {
                _passed++;
            }
            else
            {
                isPassed = false;
                if (_left++ == 0)
                {
                    _timer.Change(Window - _time.GetElapsedTime(_windowStart, now), Timeout.InfiniteTimeSpan);
                }
            }
        }

        Tell(report);
        return isPassed;
    }

    /// <summary>Ends it; what was counted is handed over.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        Report();
    }

    private void Report()
    {
        long report;
        lock (_gate)
        {
            report = _left;
            StartWindow(_time.GetTimestamp());
        }

        Tell(report);
    }

    private void StartWindow(long now)
    {
        _windowStart = now;
        _passed = 0;
        _left = 0;
    }

    private void Tell(long report)
    {
        if (report > 0)
        {
            _suppressed(report);
        }
    }
}
