using Sidecar.Proxy.LoadBalancing;

namespace Sidecar.Proxy.Tests.LoadBalancing;

/// <summary>Repeatable chance.</summary>
internal sealed class SeededRandom(int seed) : IRandomSource
{
    private readonly Random _random = new(seed);

    public int Next(int bound) => _random.Next(bound);

    public double NextDouble() => _random.NextDouble();

    public long NextInt64() => _random.NextInt64(long.MinValue, long.MaxValue);
}
