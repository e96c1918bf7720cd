using Sidecar.Proxy.Overload;

namespace Sidecar.Proxy.Tests.Overload;

public class ResourceLimitsTests
{
    [Theory]
    [InlineData(0, 256)]
    [InlineData(128L << 20, 2048)]
    [InlineData(1L << 40, 65_536)]
    public void Connections_FollowMemory_WithinBounds(long memory, int expected) => Assert.Equal(expected, ResourceLimits.Connections(memory));

    [Theory]
    [InlineData(0, 1, 64)]
    [InlineData(128L << 20, 1, 1024)]
    [InlineData(1L << 40, 1, 4096)]
    [InlineData(1L << 40, 64, 16_384)]
    public void InFlight_FollowsMemoryAndProcessors_WithinBounds(long memory, int processors, int expected) =>
        Assert.Equal(expected, ResourceLimits.InFlight(memory, processors));
}
