using System.Reflection;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Tests.Telemetry;

public class LogEventsTests
{
    [Fact]
    public void All_IdsAndNames_AreUniqueAndNoneIsMissing()
    {
        var declared = typeof(LogEvents).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(static field => field.FieldType == typeof(LogEvent)).Select(static field => (LogEvent)field.GetValue(null)!).ToList();

        Assert.Equal(declared.OrderBy(static one => one.Id), LogEvents.All.OrderBy(static one => one.Id));
        Assert.Equal(declared.Count, declared.DistinctBy(static one => one.Id).Count());
        Assert.Equal(declared.Count, declared.DistinctBy(static one => one.Name).Count());
        Assert.All(declared, static one => Assert.Matches("^[a-z]+(-[a-z]+)*$", one.Name));
    }

    [Fact]
    public void Instruments_All_NoneIsMissingAndNamesAreUnique()
    {
        var declared = typeof(Instruments).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(static field => field.FieldType == typeof(InstrumentDefinition)).Select(static field => (InstrumentDefinition)field.GetValue(null)!).ToList();

        Assert.Equal(declared.Select(static one => one.Name).Order(), Instruments.All.Select(static one => one.Name).Order());
        Assert.Equal(declared.Count, declared.DistinctBy(PrometheusNames.Metric).Count());
        Assert.All(declared, static one => Assert.InRange(one.Labels.Length, 0, 7));
        Assert.All(declared, static one => Assert.Equal(one.Kind == InstrumentKind.Histogram, one.Buckets.Length > 0));
        Assert.All(declared, static one => Assert.Equal(one.Buckets.Order(), one.Buckets));
    }
}
