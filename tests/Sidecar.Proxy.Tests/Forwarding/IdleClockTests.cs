using Sidecar.Proxy.Forwarding;
using Sidecar.Proxy.Tests.Pooling;
using Sidecar.TestKit;

namespace Sidecar.Proxy.Tests.Forwarding;

public class IdleClockTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Idle_NoByteForLonger_Expires()
    {
        using var clock = IdleClock.Start(_time, 5 * Second);

        _time.Advance(4.9 * Second);
        Assert.False(clock.Token.IsCancellationRequested);
        _time.Advance(0.2 * Second);

        Assert.True(clock.Token.IsCancellationRequested);
        Assert.Equal("idle", clock.Expired);
    }

    [Fact]
    public void Idle_BytesKeepComing_NeverExpires()
    {
        using var clock = IdleClock.Start(_time, 5 * Second);

        for (var i = 0; i < 100; i++)
        {
            _time.Advance(3 * Second);
            clock.Touch();
        }

        Assert.False(clock.Token.IsCancellationRequested);
    }

    [Fact]
    public void Idle_SilenceAfterBytes_ExpiresAFullGapAfterTheLastByte()
    {
        using var clock = IdleClock.Start(_time, 5 * Second);
        _time.Advance(4 * Second);
        clock.Touch();

        _time.Advance(4.5 * Second);
        Assert.Null(clock.Expired);
        _time.Advance(0.6 * Second);

        Assert.Equal("idle", clock.Expired);
    }

    [Fact]
    public void Change_ToAStream_OtherClocksCount()
    {
        using var clock = IdleClock.Start(_time, 5 * Second);
        clock.Change(60 * Second, 100 * Second);

        _time.Advance(50 * Second);
        clock.Touch();
        _time.Advance(49 * Second);
        Assert.Null(clock.Expired);
        clock.Touch();
        _time.Advance(2 * Second);

        Assert.Equal("stream", clock.Expired);
    }

    [Fact]
    public void Change_ToOff_NeverExpires()
    {
        using var clock = IdleClock.Start(_time, Second);
        clock.Change(null, null);

        _time.Advance(TimeSpan.FromDays(2));

        Assert.Null(clock.Expired);
    }

    [Fact]
    public void Dispose_BeforeItsTime_NothingFires()
    {
        var clock = IdleClock.Start(_time, Second);
        clock.Dispose();

        _time.Advance(10 * Second);

        Assert.Null(clock.Expired);
    }

    [Fact]
    public void TokenWith_CallerGone_IsCancelledAndNothingExpired()
    {
        using var caller = new CancellationTokenSource();
        using var clock = IdleClock.Start(_time, 5 * Second);
        var token = clock.TokenWith(caller.Token);
        Assert.False(token.IsCancellationRequested);

        caller.Cancel();

        Assert.True(token.IsCancellationRequested);
        Assert.Null(clock.Expired);
    }

    [Fact]
    public void TokenWith_ClockOfATransferBefore_KnowsNothingOfItsCaller() => OwnThread.Run(() =>
    {
        using var before = new CancellationTokenSource();
        var first = IdleClock.Start(TimeProvider.System, TimeSpan.FromHours(1));
        first.TokenWith(before.Token);
        first.Dispose();

        using var second = IdleClock.Start(TimeProvider.System, TimeSpan.FromHours(1));
        Assert.Same(first, second);
        var token = second.TokenWith(CancellationToken.None);
        before.Cancel();

        Assert.False(token.IsCancellationRequested);
    });

    [Fact]
    public void Dispose_WhoseCallerIsGone_IsNotUsedAgain() => OwnThread.Run(() =>
    {
        using var caller = new CancellationTokenSource();
        var first = IdleClock.Start(TimeProvider.System, TimeSpan.FromHours(1));
        first.TokenWith(caller.Token);
        caller.Cancel();
        first.Dispose();

        using var second = IdleClock.Start(TimeProvider.System, TimeSpan.FromHours(1));

        Assert.NotSame(first, second);
        Assert.False(second.Token.IsCancellationRequested);
    });

    [Fact]
    public void Change_ToAShorterTimeThanTheTimerRuns_ExpiresInTime()
    {
        using var clock = IdleClock.Start(_time, 60 * Second);
        clock.Change(2 * Second, null);

        _time.Advance(2.1 * Second);

        Assert.Equal("idle", clock.Expired);
    }

    [Fact]
    public void Change_ToATimeThatIsOverAlready_ExpiresAtOnce()
    {
        using var clock = IdleClock.Start(_time, 60 * Second);
        _time.Advance(4 * Second);

        clock.Change(null, 3 * Second);

        Assert.Equal("stream", clock.Expired);
        Assert.True(clock.Token.IsCancellationRequested);
    }

    [Fact]
    public void Start_AfterManyTransfers_AllocatesNothing()
    {
        // Warm: the pool has a clock, the code is compiled.
        for (var i = 0; i < 100; i++)
        {
            IdleClock.Start(TimeProvider.System, TimeSpan.FromHours(1)).Dispose();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            IdleClock.Start(TimeProvider.System, TimeSpan.FromHours(1)).Dispose();
        }

        // The queue allocates a segment now and then; a clock would be several hundred bytes each time.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100 * 64);
    }

    [Fact]
    public void Start_FromThePool_HasNoMemoryOfTheTransferBefore()
    {
        var first = IdleClock.Start(TimeProvider.System, TimeSpan.FromHours(1));
        first.Change(null, TimeSpan.FromMilliseconds(1));
        first.Dispose();

        using var second = IdleClock.Start(TimeProvider.System, null);

        Assert.False(second.Token.IsCancellationRequested);
    }
}
