using FsCheck;
using FsCheck.Fluent;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Policies.Retry;
using Sidecar.TestKit;
using static Sidecar.Proxy.Tests.Policies.Defaults;

namespace Sidecar.Proxy.Tests.Policies;

public class RetryBudgetTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void TryWithdraw_NoRequests_GrantsTheFloorOfTheWindow()
    {
        var budget = new RetryBudget(Budget, _clock);

        var granted = Enumerable.Range(0, 100).Count(_ => budget.TryWithdraw());

        Assert.Equal(10, granted);
        Assert.Equal((0, 10), budget.Snapshot());
    }

    [Fact]
    public void TryWithdraw_Requests_GrantTheirShareBesideTheFloor()
    {
        var budget = new RetryBudget(new RetryBudgetPolicy(Ratio: 0.2, MinPerSecond: 0, Window: Seconds(10)), _clock);

        for (var i = 0; i < 15; i++)
        {
            budget.CountRequest();
        }

        Assert.Equal(3, Enumerable.Range(0, 100).Count(_ => budget.TryWithdraw()));
    }

    [Fact]
    public void TryWithdraw_WindowHasPassed_GrantsAgain()
    {
        var budget = new RetryBudget(Budget, _clock);
        while (budget.TryWithdraw())
        {
        }

        _clock.Advance(Seconds(10));
        Assert.False(budget.TryWithdraw());
        _clock.Advance(Seconds(1));

        Assert.True(budget.TryWithdraw());
    }

    [Fact]
    public void TryWithdraw_RatioZeroAndNoFloor_GrantsNothing()
    {
        var budget = new RetryBudget(new RetryBudgetPolicy(0, 0, Seconds(10)), _clock);
        budget.CountRequest();

        Assert.False(budget.TryWithdraw());
    }

    [Fact]
    public void TryWithdraw_EverySequence_NeverExceedsTheBoundInAnyViewOfTheWindow() =>
        Prop.ForAll(
            (from percent in Gen.Choose(0, 100)
             from perSecond in Gen.Choose(0, 3)
             from steps in Gen.Choose(0, 2000).ListOf(300)
             select (percent, perSecond, steps)).ToArbitrary(),
            input =>
            {
                var (percent, perSecond, steps) = input;
                var clock = new ManualTimeProvider();
                var policy = new RetryBudgetPolicy(percent / 100.0, perSecond, Seconds(5));
                var budget = new RetryBudget(policy, clock);
                var requests = new List<TimeSpan>();
                var retries = new List<TimeSpan>();
                foreach (var step in steps)
                {
                    // Bursts, and pauses up to 400 ms; more wishes to retry than requests.
                    clock.Advance(Milliseconds(step < 1600 ? step % 8 : step - 1600));
                    if (step % 3 == 0)
                    {
                        budget.CountRequest();
                        requests.Add(clock.Elapsed);
                    }
                    else if (budget.TryWithdraw())
                    {
                        retries.Add(clock.Elapsed);
                        var since = clock.Elapsed - policy.Window;
                        var bound = (policy.Ratio * requests.Count(at => at > since)) + (policy.MinPerSecond * 5);
                        if (retries.Count(at => at > since) > bound + 1e-9)
                        {
                            return false;
                        }
                    }
                }

                return true;
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void TryWithdraw_ManyThreads_GrantNotOneTooMany()
    {
        var budget = new RetryBudget(new RetryBudgetPolicy(0.5, 1, Seconds(10)), _clock);
        var granted = 0;

        Parallel.For(0, 4, _ =>
        {
            for (var i = 0; i < 1000; i++)
            {
                budget.CountRequest();
                if (budget.TryWithdraw())
                {
                    Interlocked.Increment(ref granted);
                }
            }
        });
        while (budget.TryWithdraw())
        {
            granted++;
        }

        Assert.Equal(2010, granted);
    }
}
