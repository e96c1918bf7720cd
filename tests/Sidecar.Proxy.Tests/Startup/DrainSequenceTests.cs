using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Overload;
using Sidecar.Proxy.Startup;
using Sidecar.Proxy.Telemetry;
using Sidecar.TestKit;

namespace Sidecar.Proxy.Tests.Startup;

public class DrainSequenceTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly DrainState _state = new();
    private readonly TrafficCounters _counters = new();
    private int _stopped;

    [Fact]
    public async Task Run_NothingInFlight_WaitsForTheWindowThenEnds()
    {
        using var drain = Sequence(TimeSpan.FromSeconds(30));

        var drained = drain.RunAsync(skipAcceptWindow: false);
        Assert.Equal(DrainPhase.Accepting, _state.Phase);
        Assert.Equal(0, _stopped);
        await AdvanceUntilAsync(drained);

        Assert.Equal(DrainPhase.Closing, _state.Phase);
        Assert.Equal(1, _stopped);
        Assert.True(drain.IsDrained);
        Assert.True(Elapsed(drain) >= TimeSpan.FromSeconds(5));
        Assert.True(Elapsed(drain) < TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Run_Interrupted_SkipsTheWindow()
    {
        using var drain = Sequence(TimeSpan.FromSeconds(30));

        await AdvanceUntilAsync(() => drain.RunAsync(skipAcceptWindow: true));

        Assert.True(Elapsed(drain) < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Run_ARequestThatNeverEnds_GivesUpOneSecondBeforeTheGracePeriod()
    {
        _counters.RequestStarted(Direction.Reverse);
        using var drain = Sequence(TimeSpan.FromSeconds(30));

        await AdvanceUntilAsync(() => drain.RunAsync(skipAcceptWindow: false));

        Assert.False(drain.IsDrained);
        Assert.True(Elapsed(drain) >= TimeSpan.FromSeconds(29));
        Assert.Equal(TimeSpan.Zero, drain.TimeLeft);
    }

    [Fact]
    public async Task Run_ShortGrace_TheWindowIsASixthOfIt()
    {
        using var drain = Sequence(TimeSpan.FromSeconds(6));

        await AdvanceUntilAsync(() => drain.RunAsync(skipAcceptWindow: false));

        Assert.True(Elapsed(drain) >= TimeSpan.FromSeconds(1));
        Assert.True(Elapsed(drain) < TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task Run_Twice_IsOneDrainOnOneClock()
    {
        using var drain = Sequence(TimeSpan.FromSeconds(30));

        var first = drain.RunAsync(skipAcceptWindow: false);
        var second = drain.RunAsync(skipAcceptWindow: false);
        await AdvanceUntilAsync(first);

        Assert.Same(first, second);
        Assert.Equal(1, _stopped);
    }

    private DrainSequence Sequence(TimeSpan grace) => new(
        _state,
        _counters,
        grace,
        acceptFor: null,
        () =>
        {
            _stopped++;
            return Task.CompletedTask;
        },
        _time);

    private TimeSpan Elapsed(DrainSequence drain) => _time.GetElapsedTime(drain.StartedAt!.Value);

    // Without the runner's context the drain runs on this thread, inside Advance: nothing here depends on real time.
    private Task AdvanceUntilAsync(Task drained) => AdvanceUntilAsync(() => drained);

    private async Task AdvanceUntilAsync(Func<Task> drain)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        var drained = drain();
        while (!drained.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(20));
        }

        SynchronizationContext.SetSynchronizationContext(context);
        await drained;
    }
}
