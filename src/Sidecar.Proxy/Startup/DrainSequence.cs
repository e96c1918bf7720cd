using Sidecar.Proxy.Overload;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Startup;

/// <summary>
/// Shutdown by one clock, which starts with the first sign of it (PRODUCT §5): not ready at once; everything is served for
/// the accept window; then no new connections and every answer closes its own; the end when nothing is in flight, at the
/// latest one second before the grace period ends.
/// </summary>
/// <param name="state">Read by the request path.</param>
/// <param name="counters">What is in flight.</param>
/// <param name="grace">The whole time granted.</param>
/// <param name="acceptFor">Accept window; null is min(5 s, grace/6).</param>
/// <param name="stopAccepting">Closes the traffic listeners.</param>
/// <param name="time">Clock.</param>
public sealed class DrainSequence(
    DrainState state,
    TrafficCounters counters,
    TimeSpan grace,
    TimeSpan? acceptFor,
    Func<Task> stopAccepting,
    TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Reserve = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    // A caller with an idle keep-alive connection may be sending on it at this very moment; connections are given this
    // long to use it and be told to close, before the server closes them.
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _skipWindow = new();
    private Task? _drained;

    /// <summary>When it began, from <see cref="TimeProvider.GetTimestamp"/>; null while serving.</summary>
    public long? StartedAt { get; private set; }

    /// <summary>Nothing was in flight at the end.</summary>
    public bool IsDrained { get; private set; }

    /// <summary>When everything must have ended.</summary>
    public TimeSpan TimeLeft => StartedAt is { } started ? Max(Deadline - time.GetElapsedTime(started), TimeSpan.Zero) : Deadline;

    private TimeSpan Deadline => Max(grace - Reserve, TimeSpan.Zero);

    private TimeSpan Window => Min(acceptFor ?? Min(TimeSpan.FromSeconds(5), grace / 6), Deadline);

    /// <summary>Begins, or joins what has begun; completes when nothing is in flight or the time is up. Does not end the process.</summary>
    /// <param name="skipAcceptWindow">SIGINT: somebody waits at a terminal.</param>
    public Task RunAsync(bool skipAcceptWindow)
    {
        if (skipAcceptWindow)
        {
            _skipWindow.Cancel();
        }

        lock (_lock)
        {
            if (_drained is null)
            {
                StartedAt = time.GetTimestamp();
                state.Advance(DrainPhase.Accepting);
                _drained = DrainAsync();
            }

            return _drained;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _skipWindow.Dispose();

    private async Task DrainAsync()
    {
        await Task.Delay(Window, time, _skipWindow.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        state.Advance(DrainPhase.Closing);
        await stopAccepting();

        var quietSince = time.GetTimestamp();
        var seen = counters.Requests;
        while (TimeLeft > TimeSpan.Zero)
        {
            if (counters.InFlight > 0 || counters.Opaque > 0 || counters.Requests != seen)
            {
                quietSince = time.GetTimestamp();
                seen = counters.Requests;
            }
            else if (counters.Connections == 0 || time.GetElapsedTime(quietSince) >= Linger)
            {
                break;
            }

            await Task.Delay(Look, time);
        }

        IsDrained = counters.InFlight == 0 && counters.Opaque == 0;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
