using System.Runtime.CompilerServices;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Tests.Telemetry;

public class AllocationTests
{
    private const int Rounds = 1000;

    [Fact]
    public void RequestNeitherSampledNorLogged_AllocatesNothing()
    {
        using var rig = new TelemetryRig(TelemetryRig.DefaultAccessLog with { SuccessRatio = 0.000_001 });
        var record = Record(rig);

        var bytes = Measure(() =>
        {
            rig.Tracing.Begin(record, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", "a=1", default);
            record.LastAttempt.IsReported = false;
            rig.Telemetry.AttemptStarted(record);
            _ = Tracing.UpstreamTraceParent(record);
            rig.Telemetry.AttemptFinished(record);
            rig.Telemetry.OnRequestFinished(record);
        });

        Assert.Equal(0, bytes);
    }

    [Fact]
    public void LoggedRequest_AllocatesNothingButTheRedactedTarget()
    {
        using var rig = new TelemetryRig(TelemetryRig.DefaultAccessLog with { SuccessRatio = 1 });
        var record = Record(rig);
        record.Target = "/orders/1";

        Assert.Equal(0, Measure(() => rig.Telemetry.OnRequestFinished(record)));
    }

    [Fact]
    public void EventLine_AllocatesNothing()
    {
        using var rig = new TelemetryRig();

        Assert.Equal(0, Measure(() => rig.Events.Write(LogEvents.HealthChanged, LogSeverity.Warn, [("cluster", "orders"), ("destination", "a"), ("failures", 3)])));
    }

    [Fact]
    public void RetriesAndTransitions_AllocateNothing()
    {
        using var rig = new TelemetryRig();
        var record = Record(rig);
        var transition = new BreakerTransition("orders", "orders", "a", "a", BreakerState.Closed, BreakerState.Open, "ratio", TimeSpan.FromSeconds(5), 5, 9, "reverse");

        Assert.Equal(0, Measure(() =>
        {
            rig.Telemetry.RetryConsidered(record, RetryDecision.Retried, TimeSpan.FromMilliseconds(5));
            rig.Telemetry.BreakerChanged(transition);
            rig.Telemetry.Refused(record, ProxyError.CircuitOpen);
        }));
    }

    private static RequestRecord Record(TelemetryRig rig)
    {
        var record = rig.Begin();
        rig.Attempt(record, TimeSpan.FromMilliseconds(2));
        record.Status = 200;
        record.EndTimestamp = rig.Clock.GetTimestamp();
        return record;
    }

    // Bytes of a thousand rounds on this thread; the first rounds make series, buffers and compiled code. The least of three
    // measurements: what the runtime does once, whenever it likes, belongs to no round, while a round that allocates always does.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Measure(Action action)
    {
        Repeat(action);
        var least = long.MaxValue;
        for (var i = 0; i < 3; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Repeat(action);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private static void Repeat(Action action)
    {
        for (var i = 0; i < Rounds; i++)
        {
            action();
        }
    }
}
