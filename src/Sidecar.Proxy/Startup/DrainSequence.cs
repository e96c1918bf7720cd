using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Overload;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Startup;

/// <summary>
/// Shutdown by one clock, which starts with the first sign of it (PRODUCT §5), in two halves. A drain (a pod's preStop hook) is
/// about what comes in: not ready at once; everything is served for the accept window; then no new connections, every answer
/// closes its own, HTTP/2 is told to go away; until nothing of inbound and reverse is in flight. The way out of the application
/// stays as it was. The end (a signal) waits for that too, on what is left of the clock, at the latest one second before the
/// grace period ends. An outbound connection that is open, idle or not, says that the application has not ended: only then is its
/// way out taken from it. Where the platform ends the sidecar last there is none; where it ends both at once, it matters.
/// </summary>
/// <param name="state">Read by the request path.</param>
/// <param name="counters">What is in flight.</param>
/// <param name="grace">The whole time granted.</param>
/// <param name="acceptFor">Accept window; null is min(5 s, grace/6).</param>
/// <param name="stopAccepting">Closes the inbound and reverse listeners.</param>
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

    // So long must nothing have happened. Connections that came in and are still open end by themselves (DrainedConnection);
    // they are waited for longer than that takes, but not for ever: one that never spoke may stay.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan EndOfConnections = 2 * DrainedConnection.Silence;

    private static readonly Direction[] ComingIn = [Direction.Reverse, Direction.Inbound];
    private static readonly Direction[] All = Enum.GetValues<Direction>();

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _skipWindow = new();
    private Task? _drained;
    private long _clock;

    /// <summary>When it began, from <see cref="TimeProvider.GetTimestamp"/>; null while serving.</summary>
    public long? StartedAt { get; private set; }

    /// <summary>Nothing was in flight at the end.</summary>
    public bool IsDrained { get; private set; }

    /// <summary>When everything must have ended.</summary>
    public TimeSpan TimeLeft => StartedAt is null ? Deadline : Max(Deadline - time.GetElapsedTime(Volatile.Read(ref _clock)), TimeSpan.Zero);

    private TimeSpan Deadline => Max(grace - Reserve, TimeSpan.Zero);

    private TimeSpan Window => Min(acceptFor ?? Min(TimeSpan.FromSeconds(5), grace / 6), Deadline);

    /// <summary>
    /// The first half: begins, or joins what has begun; completes when nothing that came in is in flight or the time is up. Does not
    /// end the process, and leaves outbound alone.
    /// </summary>
    /// <param name="skipAcceptWindow">Somebody waits at a terminal, or the application has ended.</param>
    public Task DrainAsync(bool skipAcceptWindow)
    {
        if (skipAcceptWindow)
        {
            _skipWindow.Cancel();
        }

        lock (_lock)
        {
            if (_drained is null)
            {
                _clock = time.GetTimestamp();
                StartedAt = _clock;
                state.Advance(DrainPhase.Accepting);
                _drained = StopComingInAsync();
            }

            return _drained;
        }
    }

    /// <summary>Both halves: completes when nothing at all is in flight or the time is up.</summary>
    /// <param name="skipAcceptWindow">As <see cref="DrainAsync"/>.</param>
    /// <param name="waitsForApplication">Idle outbound connections are waited for too: false where somebody waits at a terminal.</param>
    public async Task EndAsync(bool skipAcceptWindow, bool waitsForApplication)
    {
        await DrainAsync(skipAcceptWindow);
        if (time.GetElapsedTime(_clock) >= grace)
        {
            // Drained by hand long ago: no grace period of a pod is that old, so this signal starts one of its own.
            Volatile.Write(ref _clock, time.GetTimestamp());
        }

        IsDrained = await IsQuietAsync(All, waitsForApplication);
    }

    /// <inheritdoc/>
    public void Dispose() => _skipWindow.Dispose();

    private async Task StopComingInAsync()
    {
        await Task.Delay(Window, time, _skipWindow.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // In this order: whoever is told to close by an answer connects again at once, and must be refused rather than accepted
        // by a socket that is about to close.
        await stopAccepting();
        state.Advance(DrainPhase.Closing);
        state.CloseConnections();
        if (await IsQuietAsync(ComingIn))
        {
            state.Advance(DrainPhase.Drained);
        }
    }

    // Whether nothing of these directions is in flight any more, and nobody who holds a connection used it for a while.
    private async Task<bool> IsQuietAsync(Direction[] directions, bool waitsForApplication = false)
    {
        var quietSince = time.GetTimestamp();
        var seen = -1L;
        while (true)
        {
            var isBusy = directions.Any(direction => counters.InFlightOf(direction) > 0 || counters.OpaqueOf(direction) > 0);
            var requests = directions.Sum(counters.RequestsOf);
            if (TimeLeft == TimeSpan.Zero)
            {
                return !isBusy;
            }

            if (isBusy || (requests != seen && seen >= 0) || (waitsForApplication && counters.ConnectionsOf(Direction.Outbound) > 0))
            {
                quietSince = time.GetTimestamp();
            }
            else if (directions.All(direction => counters.ConnectionsOf(direction) == 0)
                || time.GetElapsedTime(quietSince) >= (ComingIn.Any(direction => counters.ConnectionsOf(direction) > 0) ? EndOfConnections : Moment))
            {
                return true;
            }

            seen = requests;
            await Task.Delay(Look, time);
        }
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
