using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Tests.Telemetry;

public class MetricLabelsTests
{
    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("abc")]
    [InlineData("abcd")]
    [InlineData("abcde")]
    [InlineData("a-longer-name-of-a-destination:8080")]
    public void Hash_SameTextInOtherObjects_IsTheSame(string value)
    {
        var labels = new MetricLabels("inbound", value, "200");
        var same = new MetricLabels(Copy("inbound"), Copy(value), Copy("200"));

        Assert.Equal(labels, same);
        Assert.Equal(labels.GetHashCode(), same.GetHashCode());
    }

    [Fact]
    public void Hash_ValuesCutElsewhere_AreOthers()
    {
        MetricLabels[] all = [new("ab", "c"), new("a", "bc"), new("abc"), new("", "abc"), new("abcdefgh", "i"), new("abcdefg", "hi"), new("abcdefghi")];

        Assert.Equal(all.Length, all.Select(labels => labels.GetHashCode()).Distinct().Count());
    }

    [Fact]
    public void Hash_TenThousandLikeSeries_HardlyCollide()
    {
        var hashes = Enumerable.Range(0, 10_000)
            .Select(i => new MetricLabels("inbound", $"route-{i / 10}", "cluster", $"10.0.0.{i % 10}:8080", "GET", "200").GetHashCode())
            .ToArray();

        // Of ten thousand random numbers of 32 bits hardly one comes twice; of their lower 15 bits there are some 8 600 different ones.
        Assert.True(hashes.Distinct().Count() > 9_990, $"{hashes.Distinct().Count()} hashes");
        Assert.True(hashes.Select(hash => hash & 0x7FFF).Distinct().Count() > 8_000, "the lower bits are used");
    }

    private static string Copy(string value) => new(value.AsSpan());
}
