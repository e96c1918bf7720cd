using Sidecar.Proxy.LoadBalancing;

namespace Sidecar.TestKit;

/// <summary>
/// Repeatable chance: the same seed gives the same sequence on every machine and runtime (SplitMix64, Steele, Lea and
/// Flood 2014; <c>System.Random</c> promises no stable algorithm). Thread-safe.
/// </summary>
/// <param name="seed">Any value; put it into the failure message of a test that draws it.</param>
public sealed class SeededRandom(long seed) : IRandomSource
{
    private long _state = seed;

    /// <inheritdoc/>
    public int Next(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);
        return (int)(((UInt128)(ulong)NextInt64() * (ulong)bound) >> 64);
    }

    /// <summary>Uniform in [low, high).</summary>
    public int Next(int low, int high) => low + Next(high - low);

    /// <inheritdoc/>
    public double NextDouble() => ((ulong)NextInt64() >> 11) * (1.0 / (1UL << 53));

    /// <inheritdoc/>
    public long NextInt64()
    {
        var z = (ulong)Interlocked.Add(ref _state, unchecked((long)0x9E3779B97F4A7C15UL));
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return (long)(z ^ (z >> 31));
    }

    /// <summary>True with a probability, 0–1.</summary>
    public bool Chance(double probability) => NextDouble() < probability;

    /// <summary>One of the items.</summary>
    public T Pick<T>(IReadOnlyList<T> items) => items[Next(items.Count)];
}
