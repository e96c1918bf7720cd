using Sidecar.Proxy.Commands;

namespace Sidecar.Proxy.Tests.Commands;

public sealed class EventLoopsTests
{
    [Theory]
    [InlineData(null, 1, 1)]
    [InlineData(null, 2, 2)]
    [InlineData(null, 64, 2)]
    [InlineData(0.25, 8, 1)]
    [InlineData(1.0, 8, 1)]
    [InlineData(1.01, 8, 2)]
    [InlineData(3.0, 8, 3)]
    [InlineData(16.0, 4, 4)]
    [InlineData(1e18, 4, 4)]
    public void TryDecide_NothingWritten_FollowsQuotaThenCores(double? quota, int cores, int expected)
    {
        Assert.True(EventLoops.TryDecide(null, quota, cores, out var count, out var problem));
        Assert.Equal((expected, null), (count, problem));
    }

    [Theory]
    [InlineData("1", 1)]
    [InlineData("64", 64)]
    public void TryDecide_Written_WinsOverQuota(string written, int expected)
    {
        Assert.True(EventLoops.TryDecide(written, 2, 2, out var count, out _));
        Assert.Equal(expected, count);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("65")]
    [InlineData("-1")]
    [InlineData(" 1")]
    [InlineData("two")]
    [InlineData("99999999999")]
    public void TryDecide_WrittenBadly_SaysSo(string written)
    {
        Assert.False(EventLoops.TryDecide(written, null, 2, out _, out var problem));
        Assert.Equal($"SIDECAR_EVENT_LOOPS=\"{written}\" is not a number from 1 to 64", problem);
    }
}
