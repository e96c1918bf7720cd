namespace Sidecar.Proxy.LoadBalancing;

/// <summary>What active health checks say.</summary>
public enum DestinationHealth
{
    /// <summary>Not checked, or not yet decided: used.</summary>
    Unknown,

    /// <summary>Used.</summary>
    Healthy,

    /// <summary>Not used while another is.</summary>
    Unhealthy,
}

/// <summary>
/// One address of a cluster, with the live numbers that balancing needs. The object lives as long as the address
/// is in the cluster, across reloads and DNS refreshes, so that counts are never split.
/// </summary>
/// <param name="clusterId">Cluster in the configuration.</param>
/// <param name="id">Id in the configuration, or <c>address:port</c> when <paramref name="isDynamic"/>.</param>
/// <param name="address">Scheme, host and port to dial, and a path prefix.</param>
/// <param name="weight">Share relative to the others.</param>
/// <param name="isDynamic">From DNS: metrics say <c>dynamic</c>.</param>
public sealed class Destination(string clusterId, string id, Uri address, int weight, bool isDynamic)
{
    private int _inFlight;
    private int _health;
    private int _weight = weight;

    /// <summary>Cluster in the configuration.</summary>
    public string ClusterId { get; } = clusterId;

    /// <summary>Id for logs and spans.</summary>
    public string Id { get; } = id;

    /// <summary>Id for metric labels, bounded: dynamic addresses are all <c>dynamic</c>.</summary>
    public string MetricId { get; } = isDynamic ? "dynamic" : id;

    /// <summary>Scheme, host and port to dial, and a path prefix.</summary>
    public Uri Address { get; } = address;

    /// <summary>Share relative to the others, 1–1000. A reload may change it; the object and its counts stay.</summary>
    public int Weight
    {
        get => Volatile.Read(ref _weight);
        set => Volatile.Write(ref _weight, value);
    }

    /// <summary>From DNS.</summary>
    public bool IsDynamic { get; } = isDynamic;

    /// <summary>Attempts that have no response completed yet.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>What active health checks say.</summary>
    public DestinationHealth Health
    {
        get => (DestinationHealth)Volatile.Read(ref _health);
        set => Volatile.Write(ref _health, (int)value);
    }

    /// <summary>Latency estimate of <c>peakEwma</c>.</summary>
    public PeakEwma Latency { get; } = new();

    /// <summary>An attempt starts.</summary>
    public int Enter() => Interlocked.Increment(ref _inFlight);

    /// <summary>An attempt and its response ended.</summary>
    public void Leave() => Interlocked.Decrement(ref _inFlight);
}
