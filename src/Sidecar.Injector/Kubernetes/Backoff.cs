namespace Sidecar.Injector.Kubernetes;

/// <summary>
/// How long to wait before the next try: doubling from one second to half a minute, half of it by chance, so that
/// replicas that lost the same API server do not come back together. Not thread-safe.
/// </summary>
/// <param name="random">Uniform in [0, 1).</param>
public sealed class Backoff(Func<double> random)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private int _failures;

    /// <summary>The next wait.</summary>
    public TimeSpan Next()
    {
        var full = Math.Min(First.TotalSeconds * Math.Pow(2, _failures), Longest.TotalSeconds);
        _failures = Math.Min(_failures + 1, 10);
        return TimeSpan.FromSeconds(full * (0.5 + (random() / 2)));
    }

    /// <summary>It worked: the next failure waits shortly again.</summary>
    public void Reset() => _failures = 0;
}
