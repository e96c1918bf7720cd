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

        var drained = Running(() => drain.EndAsync(skipAcceptWindow: false, waitsForApplication: true));
        Assert.Equal(DrainPhase.Accepting, _state.Phase);
        Assert.Equal(0, _stopped);
        await AdvanceUntilAsync(drained);

        Assert.Equal(DrainPhase.Drained, _state.Phase);
        Assert.Equal(1, _stopped);
        Assert.True(drain.IsDrained);
        Assert.True(Elapsed(drain) >= TimeSpan.FromSeconds(5));
        Assert.True(Elapsed(drain) < TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Run_Interrupted_SkipsTheWindow()
    {
        using var drain = Sequence(TimeSpan.FromSeconds(30));

        await AdvanceUntilAsync(() => drain.EndAsync(skipAcceptWindow: true, waitsForApplication: false));

        Assert.True(Elapsed(drain) < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Run_ARequestThatNeverEnds_GivesUpOneSecondBeforeTheGracePeriod()
    {
        _counters.RequestStarted(Direction.Reverse);
        using var drain = Sequence(TimeSpan.FromSeconds(30));

        await AdvanceUntilAsync(() => drain.EndAsync(skipAcceptWindow: false, waitsForApplication: true));

        Assert.False(drain.IsDrained);
        Assert.True(Elapsed(drain) >= TimeSpan.FromSeconds(29));
        Assert.Equal(TimeSpan.Zero, drain.TimeLeft);
    }

    [Fact]
    public async Task Run_ShortGrace_TheWindowIsASixthOfIt()
    {
        using var drain = Sequence(TimeSpan.FromSeconds(6));

        await AdvanceUntilAsync(() => drain.EndAsync(skipAcceptWindow: false, waitsForApplication: true));

        Assert.True(Elapsed(drain) >= TimeSpan.FromSeconds(1));
        Assert.True(Elapsed(drain) < TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task Drain_Twice_IsOneDrainOnOneClock()
    {
        using var drain = Sequence(TimeSpan.FromSeconds(30));

        var first = Running(() => drain.DrainAsync(skipAcceptWindow: false));
        var second = Running(() => drain.DrainAsync(skipAcceptWindow: false));
        await AdvanceUntilAsync(first);

        Assert.Same(first, second);
        Assert.Equal(1, _stopped);
    }

    [Fact]
    public async Task Drain_OutboundInFlight_IsDrainedAllTheSame()
    {
        _counters.RequestStarted(Direction.Outbound);
        _counters.OpaqueStarted(Direction.Outbound);
        using var drain = Sequence(TimeSpan.FromSeconds(30));

        await AdvanceUntilAsync(() => drain.DrainAsync(skipAcceptWindow: false));

        Assert.Equal(DrainPhase.Drained, _state.Phase);
        Assert.True(Elapsed(drain) < TimeSpan.FromSeconds(6));
    }

    [Theory]
    [InlineData(Direction.Inbound)]
    [InlineData(Direction.Reverse)]
    public async Task Drain_WhatCameInIsInFlight_WaitsForIt(Direction direction)
    {
        _counters.RequestStarted(direction);
        using var drain = Sequence(TimeSpan.FromSeconds(30));

        var drained = Running(() => drain.DrainAsync(skipAcceptWindow: true));
        Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(DrainPhase.Closing, _state.Phase);
        _counters.RequestEnded(direction, aborted: false);
        await AdvanceUntilAsync(drained);

        Assert.Equal(DrainPhase.Drained, _state.Phase);
    }

    [Fact]
    public async Task Drain_ConnectionsAreOpen_AreToldAndWaitedForButNotForEver()
    {
        _counters.ConnectionOpened(Direction.Inbound);
        using var drain = Sequence(TimeSpan.FromSeconds(30));

        var drained = Running(() => drain.DrainAsync(skipAcceptWindow: true));
        Assert.Equal((DrainPhase.Closing, true), (_state.Phase, _state.ConnectionsClosing.IsCancellationRequested));
        Advance(DrainedConnection.Silence);
        Assert.False(drained.IsCompleted);
        Advance(DrainedConnection.Silence + TimeSpan.FromMilliseconds(40));

        Assert.Equal(DrainPhase.Drained, _state.Phase);
        await drained;
    }

    [Fact]
    public async Task Drain_TheLastConnectionEnds_IsDrained()
    {
        _counters.ConnectionOpened(Direction.Inbound);
        using var drain = Sequence(TimeSpan.FromSeconds(30));
        var drained = Running(() => drain.DrainAsync(skipAcceptWindow: true));

        _counters.ConnectionClosed(Direction.Inbound);
        Advance(TimeSpan.FromMilliseconds(20));

        Assert.True(drained.IsCompleted);
        await drained;
    }

    [Fact]
    public async Task Drain_WhoeverIsToldToClose_FindsNobodyAcceptingAnyMore()
    {
        DrainPhase? phase = null;
        using var drain = new DrainSequence(
            _state,
            _counters,
            TimeSpan.FromSeconds(30),
            TimeSpan.Zero,
            () =>
            {
                phase = _state.Phase;
                return Task.CompletedTask;
            },
            _time);

        await AdvanceUntilAsync(() => drain.DrainAsync(skipAcceptWindow: true));

        Assert.Equal(DrainPhase.Accepting, phase);
    }

    [Fact]
    public async Task Drain_TimeIsUp_IsNotDrained()
    {
        _counters.OpaqueStarted(Direction.Inbound);
        using var drain = Sequence(TimeSpan.FromSeconds(6));

        await AdvanceUntilAsync(() => drain.DrainAsync(skipAcceptWindow: false));

        Assert.Equal(DrainPhase.Closing, _state.Phase);
        Assert.Equal(TimeSpan.Zero, drain.TimeLeft);
    }

    [Fact]
    public async Task End_AfterADrain_WaitsForOutboundOnTheRestOfTheClock()
    {
        _counters.RequestStarted(Direction.Outbound);
        using var drain = Sequence(TimeSpan.FromSeconds(30));
        await AdvanceUntilAsync(() => drain.DrainAsync(skipAcceptWindow: false));
        Advance(TimeSpan.FromSeconds(10));

        await AdvanceUntilAsync(() => drain.EndAsync(skipAcceptWindow: false, waitsForApplication: true));

        Assert.False(drain.IsDrained);
        Assert.InRange(Elapsed(drain), TimeSpan.FromSeconds(29), TimeSpan.FromSeconds(29.5));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task End_TheApplicationHoldsAConnection_IsWaitedForUnlessSomebodyIsAtATerminal(bool waitsForApplication)
    {
        _counters.ConnectionOpened(Direction.Outbound);
        using var drain = Sequence(TimeSpan.FromSeconds(30));

        var ended = Running(() => drain.EndAsync(skipAcceptWindow: true, waitsForApplication));
        Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(!waitsForApplication, ended.IsCompleted);
        _counters.ConnectionClosed(Direction.Outbound);
        await AdvanceUntilAsync(ended);

        Assert.True(drain.IsDrained);
        Assert.True(Elapsed(drain) < TimeSpan.FromSeconds(21));
    }

    [Fact]
    public async Task End_LongAfterADrainByHand_HasAClockOfItsOwn()
    {
        using var drain = Sequence(TimeSpan.FromSeconds(30));
        await AdvanceUntilAsync(() => drain.DrainAsync(skipAcceptWindow: false));
        Advance(TimeSpan.FromHours(1));
        _counters.RequestStarted(Direction.Outbound);

        var ended = Running(() => drain.EndAsync(skipAcceptWindow: false, waitsForApplication: true));
        Advance(TimeSpan.FromSeconds(10));
        Assert.False(ended.IsCompleted);
        _counters.RequestEnded(Direction.Outbound, aborted: false);
        await AdvanceUntilAsync(ended);

        Assert.True(drain.IsDrained);
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
        var drained = Running(drain);
        while (!drained.IsCompleted)
        {
            Advance(TimeSpan.FromMilliseconds(20));
        }

        await drained;
    }

    private static Task Running(Func<Task> drain)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            return drain();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private void Advance(TimeSpan by)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        for (var step = TimeSpan.FromMilliseconds(20); by > TimeSpan.Zero; by -= step)
        {
            _time.Advance(by < step ? by : step);
        }

        SynchronizationContext.SetSynchronizationContext(context);
    }
}
