using System.Collections.Frozen;
using System.Collections.Immutable;
using Sidecar.Configuration;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;

namespace Sidecar.Proxy.Upstream;

/// <summary>The live clusters by id, kept equal to the accepted configuration.</summary>
public sealed class UpstreamClusterRegistry : IAsyncDisposable
{
    private readonly UpstreamDependencies _dependencies;
    private readonly Lock _lock = new();
    private FrozenDictionary<string, UpstreamCluster> _clusters = FrozenDictionary<string, UpstreamCluster>.Empty;

    /// <summary>An empty registry.</summary>
    /// <param name="time">Clock and timers.</param>
    /// <param name="random">Chance: balancing, jitter of health checks.</param>
    /// <param name="resolver">Resolves the names of <c>dns:</c> clusters.</param>
    /// <param name="events">Told about health, DNS and certificate files.</param>
    /// <param name="dialer">Opens connections.</param>
    public UpstreamClusterRegistry(TimeProvider time, IRandomSource random, INameResolver resolver, IUpstreamEvents events, UpstreamDialer? dialer = null) =>
        _dependencies = new UpstreamDependencies(time, random, resolver, events, dialer ?? new UpstreamDialer(new DialedSockets()));

    /// <summary>Every cluster, in no particular order.</summary>
    public ImmutableArray<UpstreamCluster> All => Volatile.Read(ref _clusters).Values;

    /// <summary>Completes when every DNS cluster present now was resolved once, well or not.</summary>
    public Task Ready => Task.WhenAll(All.Select(cluster => cluster.Ready));

    /// <summary>The cluster with this id; null when there is none.</summary>
    public UpstreamCluster? Find(string id) => Volatile.Read(ref _clusters).GetValueOrDefault(id);

    /// <summary>
    /// What of these clusters could not work although the document is valid: certificate files that are missing,
    /// unreadable or hold nothing useful. Reads files; all findings at once.
    /// </summary>
    public static IReadOnlyList<ConfigurationProblem> Check(ImmutableArray<ClusterConfiguration> clusters)
    {
        var findings = new List<ConfigurationProblem>();
        foreach (var cluster in clusters)
        {
            var problems = new List<string>();
            if (cluster.Tls is not null)
            {
                TlsCredentials.Load(cluster.Tls, problems);
            }

            var location = cluster.Location with { Path = $"{cluster.Location.Path}.tls" };
            findings.AddRange(problems.Select(problem => new ConfigurationProblem(location, problem)));
        }

        return findings;
    }

    /// <summary>
    /// Takes a configuration over, at start and at every reload. An equivalent cluster keeps its live object; a changed
    /// one keeps the destinations whose id and address stayed, and its connections where nothing about them changed.
    /// Requests in flight on what is replaced or removed end undisturbed.
    /// </summary>
    /// <param name="clusters">All of them; ids are unique.</param>
    public void Apply(ImmutableArray<ClusterConfiguration> clusters)
    {
        lock (_lock)
        {
            var old = _clusters;
            var next = new Dictionary<string, UpstreamCluster>(StringComparer.Ordinal);
            foreach (var configuration in clusters)
            {
                var previous = old.GetValueOrDefault(configuration.Id);
                next.Add(
                    configuration.Id,
                    previous is not null && previous.Configuration.IsEquivalentTo(configuration)
                        ? previous
                        : new UpstreamCluster(configuration, previous, _dependencies));
            }

            Volatile.Write(ref _clusters, next.ToFrozenDictionary(StringComparer.Ordinal));
            foreach (var cluster in old.Values)
            {
                if (!ReferenceEquals(next.GetValueOrDefault(cluster.Configuration.Id), cluster))
                {
                    // Only timers and idle connections end here; nothing that could fail, nothing to wait for.
                    _ = cluster.DisposeAsync().AsTask();
                }
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        UpstreamCluster[] clusters;
        lock (_lock)
        {
            clusters = [.. _clusters.Values];
            Volatile.Write(ref _clusters, FrozenDictionary<string, UpstreamCluster>.Empty);
        }

        foreach (var cluster in clusters)
        {
            await cluster.DisposeAsync();
        }
    }
}
