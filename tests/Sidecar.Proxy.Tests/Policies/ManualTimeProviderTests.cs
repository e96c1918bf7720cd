using Sidecar.TestKit;

namespace Sidecar.Proxy.Tests.Policies;

/// <summary>The clock that every other test here trusts.</summary>
public class ManualTimeProviderTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void GetElapsedTime_AfterAdvance_IsExactToTheTick()
    {
        var start = _clock.GetTimestamp();

        _clock.Advance(TimeSpan.FromTicks(123_456_789));

        Assert.Equal(TimeSpan.FromTicks(123_456_789), _clock.GetElapsedTime(start));
        Assert.NotEqual(TimeSpan.TicksPerSecond, _clock.TimestampFrequency);
    }

    [Fact]
    public void Advance_SeveralTimers_FireInOrderAtTheirTimes()
    {
        var fired = new List<(string Name, TimeSpan At)>();
        using var late = _clock.CreateTimer(_ => fired.Add(("late", _clock.Elapsed)), null, TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        using var early = _clock.CreateTimer(_ => fired.Add(("early", _clock.Elapsed)), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        using var periodic = _clock.CreateTimer(_ => fired.Add(("periodic", _clock.Elapsed)), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

        _clock.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(["early", "periodic", "periodic", "late", "periodic"], fired.Select(entry => entry.Name));
        Assert.Equal([1, 1, 2, 3, 3], fired.Select(entry => entry.At.TotalSeconds));
    }

    [Fact]
    public void Advance_TimerMadeByACallback_FiresWithinTheSpan()
    {
        var fired = 0;
        using var first = _clock.CreateTimer(
            _ => _clock.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);

        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(1, fired);
    }

    [Fact]
    public void Change_ToInfiniteOrDisposed_NeverFires()
    {
        var fired = 0;
        var changed = _clock.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        var disposed = _clock.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);

        changed.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        disposed.Dispose();
        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(0, fired);
        Assert.False(disposed.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public void CancellationTokenSource_GivenTheClock_IsCancelledByIt()
    {
        using var source = new CancellationTokenSource(TimeSpan.FromSeconds(5), _clock);

        _clock.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1));
        Assert.False(source.IsCancellationRequested);
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.True(source.IsCancellationRequested);
    }

    [Fact]
    public async Task WaitForTimersAsync_TimerIsMade_Completes()
    {
        var waiting = _clock.WaitForTimersAsync(1);
        Assert.False(waiting.IsCompleted);

        var delay = Task.Delay(TimeSpan.FromSeconds(1), _clock);
        await waiting;
        _clock.Advance(TimeSpan.FromSeconds(1));

        await delay;
        Assert.Equal(0, _clock.ActiveTimers);
    }
}
