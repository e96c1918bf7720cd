using FsCheck;
using FsCheck.Fluent;
using Sidecar.Proxy.Policies.Timeouts;
using static Sidecar.Proxy.Tests.Policies.Defaults;

namespace Sidecar.Proxy.Tests.Policies;

public class DeadlineTests
{
    [Fact]
    public void Due_RequestTimeout_RunsFromTheRequestFullyReceived()
    {
        var deadline = Deadline.Of(Timeouts, isStream: false, isGrpc: false, callerTimeout: null);
        Assert.Null(deadline.Left(Seconds(100)));

        deadline.RequestReceived(Seconds(100));

        Assert.Equal(Seconds(14), deadline.Left(Seconds(101)));
        Assert.Equal(TimeSpan.Zero, deadline.Left(Seconds(200)));
    }

    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(20, 15, false)]
    public void Due_CallersDeadline_CanOnlyShorten(int callerSeconds, int dueSeconds, bool isCallers)
    {
        var deadline = Deadline.Of(Timeouts, isStream: false, isGrpc: false, Seconds(callerSeconds));
        deadline.RequestReceived(TimeSpan.Zero);

        Assert.Equal(Seconds(dueSeconds), deadline.Due);
        Assert.Equal(isCallers, deadline.IsCallers);
    }

    [Fact]
    public void Of_Grpc_HasTheRequestTimeoutOnlyWhereItIsWritten()
    {
        var unwritten = Deadline.Of(Timeouts, isStream: false, isGrpc: true, callerTimeout: null);
        var callers = Deadline.Of(Timeouts, isStream: false, isGrpc: true, Seconds(60));
        var written = Deadline.Of(Timeouts with { IsRequestWritten = true }, isStream: false, isGrpc: true, Seconds(60));
        unwritten.RequestReceived(TimeSpan.Zero);
        callers.RequestReceived(TimeSpan.Zero);
        written.RequestReceived(TimeSpan.Zero);

        Assert.Equal(Deadline.Never, unwritten.Due);
        Assert.Equal((Seconds(60), true), (callers.Due, callers.IsCallers));
        Assert.Equal((Seconds(15), false), (written.Due, written.IsCallers));
    }

    [Fact]
    public void Of_UpgradeOrEventStream_IsOff()
    {
        var deadline = Deadline.Of(Timeouts, isStream: true, isGrpc: false, Seconds(1));
        deadline.RequestReceived(TimeSpan.Zero);

        Assert.Null(deadline.Left(Seconds(1000)));
        Assert.True(deadline.LeavesTimeAfter(Seconds(1000), Seconds(1000)));
    }

    [Fact]
    public void LeavesTimeAfter_LessThanFiveMillisecondsLeft_IsFalse()
    {
        var deadline = Deadline.Of(Timeouts, isStream: false, isGrpc: false, callerTimeout: null);
        deadline.RequestReceived(TimeSpan.Zero);

        Assert.True(deadline.LeavesTimeAfter(Milliseconds(995), Seconds(14)));
        Assert.False(deadline.LeavesTimeAfter(Milliseconds(995) + TimeSpan.FromTicks(1), Seconds(14)));
    }

    [Fact]
    public void Due_CallerSendsTheLargestNumber_DoesNotOverflow()
    {
        var deadline = Deadline.Of(Timeouts with { Request = TimeSpan.MaxValue }, isStream: false, isGrpc: false, TimeSpan.MaxValue);
        deadline.RequestReceived(Seconds(1));

        Assert.Null(deadline.Left(Seconds(2)));
    }

    [Fact]
    public void Due_EverySequenceOfEvents_NeverMovesAway() =>
        Prop.ForAll(Gen.Choose(0, 100_000).Three().ToArbitrary(), Gen.Choose(0, 5_000).ListOf().ToArbitrary(), (shape, steps) =>
        {
            var timeouts = Timeouts with { Request = shape.Item1 % 3 == 0 ? null : Milliseconds(shape.Item1), IsRequestWritten = shape.Item3 % 2 == 0 };
            var deadline = Deadline.Of(timeouts, isStream: false, isGrpc: shape.Item3 % 3 == 0, shape.Item2 % 3 == 0 ? null : Milliseconds(shape.Item2));
            var due = deadline.Due;
            var now = TimeSpan.Zero;
            foreach (var step in steps)
            {
                now += Milliseconds(step);
                var left = deadline.Left(now);
                if (step % 5 == 0)
                {
                    deadline.RequestReceived(now);
                }

                if (deadline.Due > due || left < TimeSpan.Zero || (shape.Item2 % 3 != 0 && deadline.Due > Milliseconds(shape.Item2)))
                {
                    return false;
                }

                due = deadline.Due;
            }

            return true;
        }).QuickCheckThrowOnFailure();
}
