using FsCheck;
using FsCheck.Fluent;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Tests.Upstream;

public class HealthVerdictTests
{
    [Fact]
    public void Observe_AnySequence_ChangesExactlyAfterThresholdEqualOnesAgainstIt()
    {
        var sequences = Gen.Choose(1, 5).Zip(ArbMap.Default.GeneratorFor<bool>().ListOf()).ToArbitrary();
        Prop.ForAll(sequences, sequence =>
        {
            var (threshold, probes) = sequence;
            var verdict = new HealthVerdict(threshold, DestinationHealth.Unknown);
            for (var i = 0; i < probes.Count; i++)
            {
                var before = verdict.Current;
                var pointsTo = probes[i] ? DestinationHealth.Healthy : DestinationHealth.Unhealthy;
                var isRow = i + 1 >= threshold && probes.Skip(i + 1 - threshold).Take(threshold).All(probe => probe == probes[i]);
                var hasChanged = verdict.Observe(probes[i]);
                if (hasChanged != (isRow && before != pointsTo) || verdict.Current != (hasChanged ? pointsTo : before))
                {
                    return false;
                }
            }

            return true;
        }).QuickCheckThrowOnFailure();
    }
}
