namespace Sidecar.Proxy.LoadBalancing;

/// <summary>The only way to chance: balancing, jitter, sampling and ids draw from it, tests seed it. Thread-safe.</summary>
public interface IRandomSource
{
    /// <summary>Uniform in [0, bound).</summary>
    int Next(int bound);

    /// <summary>Uniform in [0, 1).</summary>
    double NextDouble();

    /// <summary>64 random bits.</summary>
    long NextInt64();
}
