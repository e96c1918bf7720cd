using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// The books of one exported signal: what waits, what was delivered, what was lost; and one event line when exports start to
/// fail and one when they work again. The bound is kept here and not by the SDK's queue, which drops in silence.
/// </summary>
internal sealed class ExportAccount(string signal, string lostKind, int capacity, SidecarMeter meter, EventLog events)
{
    private long _pending, _exported, _lost;
    private int _isFailing;

    /// <summary>Items delivered.</summary>
    internal long Exported => Volatile.Read(ref _exported);

    /// <summary>Items lost.</summary>
    internal long Lost => Volatile.Read(ref _lost);

    /// <summary>Room for one more? If not it is lost and counted.</summary>
    internal bool TryEnter()
    {
        if (Interlocked.Increment(ref _pending) <= capacity)
        {
            return true;
        }

        Interlocked.Decrement(ref _pending);
        Lose(1);
        return false;
    }

    /// <summary>So many left the queue, delivered or not.</summary>
    internal void Leave(long count, bool isDelivered)
    {
        Interlocked.Add(ref _pending, -count);
        Finish(count, isDelivered);
    }

    /// <summary>So many were tried without having waited here.</summary>
    internal void Finish(long count, bool isDelivered)
    {
        if (isDelivered)
        {
            Interlocked.Add(ref _exported, count);
        }
        else
        {
            Lose(count);
        }

        if (Interlocked.Exchange(ref _isFailing, isDelivered ? 0 : 1) == (isDelivered ? 0 : 1))
        {
            return;
        }

        events.Write(
            isDelivered ? LogEvents.OtlpRecovered : LogEvents.OtlpFailed,
            isDelivered ? LogSeverity.Info : LogSeverity.Warn,
            [("signal", signal), ("lost", Lost)]);
    }

    /// <summary>Nothing will leave the queue any more: what waits is lost.</summary>
    internal void Close()
    {
        var left = Interlocked.Exchange(ref _pending, 0);
        if (left > 0)
        {
            Lose(left);
        }
    }

    private void Lose(long count)
    {
        Interlocked.Add(ref _lost, count);
        meter.TelemetryLost(lostKind, count);
    }
}
