using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Kubernetes;

/// <summary>Namespaces and the version rule, held so that no decision asks the API server.</summary>
public sealed class ClusterView : IClusterView
{
    // An upgrade of the control plane is noticed within this time; nothing depends on noticing it sooner.
    private static readonly TimeSpan VersionInterval = TimeSpan.FromMinutes(5);

    private readonly ApiClient _api;
    private readonly TimeProvider _time;
    private readonly Func<double> _random;
    private readonly IControlLog _log;
    private readonly ResourceWatcher<NamespaceFacts> _namespaces;
    private readonly ResourceWatcher<NodeFacts> _nodes;
    private readonly Lock _lock = new();
    private KubernetesVersion? _version;
    private volatile bool _isNative;
    private bool _isDecided;

    /// <summary>A view; nothing is asked before <see cref="RunAsync"/>.</summary>
    public ClusterView(ApiClient api, TimeProvider time, Func<double> random, IControlLog log)
    {
        (_api, _time, _random, _log) = (api, time, random, log);
        _namespaces = new ResourceWatcher<NamespaceFacts>(api, ClusterKinds.Namespaces, time, random, log);
        _nodes = new ResourceWatcher<NodeFacts>(api, ClusterKinds.Nodes, time, random, log) { Changed = Decide };
    }

    /// <inheritdoc/>
    public bool NativeSidecarsSupported => _isNative;

    /// <summary>Namespaces were listed, and the version rule has its answer or cannot get one.</summary>
    public bool IsSynced => _namespaces.IsSynced && IsVersionKnown;

    /// <summary>Names of all namespaces whose label has this value.</summary>
    public IEnumerable<string> NamespacesWith(string label, string value) =>
        _namespaces.Items.Where(item => item.Value.Labels.GetValueOrDefault(label) == value).Select(static item => item.Key);

    /// <summary>Number of namespaces held.</summary>
    public int NamespaceCount => _namespaces.Items.Count;

    private bool IsVersionKnown
    {
        get
        {
            lock (_lock)
            {
                return _version is not null && (!VersionRule.NeedsNodes(_version) || _nodes.IsSynced || _nodes.IsForbidden);
            }
        }
    }

    /// <inheritdoc/>
    public NamespaceFacts? Namespace(string name) => _namespaces.Items.GetValueOrDefault(name);

    /// <summary>Follows the cluster until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_namespaces.RunAsync(cancellationToken), FollowVersionAsync(cancellationToken));

    private async Task FollowVersionAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(_random);
        CancellationTokenSource? watching = null;
        var nodes = Task.CompletedTask;
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                var wait = VersionInterval;
                if (await ReadVersionAsync(cancellationToken) is { } version)
                {
                    backoff.Reset();
                    if (VersionRule.NeedsNodes(version) && watching is null)
                    {
                        watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                        nodes = _nodes.RunAsync(watching.Token);
                    }
                    else if (!VersionRule.NeedsNodes(version) && watching is not null)
                    {
                        await watching.CancelAsync();
                        await nodes;
                        watching.Dispose();
                        watching = null;
                    }

                    SetVersion(version);
                }
                else
                {
                    wait = backoff.Next();
                }

                await Task.Delay(wait, _time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }

        await nodes;
        watching?.Dispose();
    }

    /// <summary>Null when it cannot be read; the namespaces' watcher, which talks to the same server, says so.</summary>
    private async Task<KubernetesVersion?> ReadVersionAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await ApiVersion.ReadAsync(_api, cancellationToken);
        }
        catch (ApiException)
        {
            return null;
        }
    }

    private void SetVersion(KubernetesVersion version)
    {
        lock (_lock)
        {
            _version = version;
        }

        Decide();
    }

    private void Decide()
    {
        lock (_lock)
        {
            var isNative = VersionRule.IsNative(_version, _nodes.IsSynced ? [.. _nodes.Items.Values] : null);
            if (_isDecided && isNative == _isNative)
            {
                return;
            }

            _isNative = isNative;

            // Before the nodes are known the answer is no answer.
            _isDecided = _version is not null && (!VersionRule.NeedsNodes(_version) || _nodes.IsSynced);
            if (_isDecided)
            {
                _log.Write(
                    ControlLevel.Info,
                    ControlEvents.NativeSidecars,
                    $"API server {_version}: the proxy is injected as {(isNative ? "a native sidecar" : "a plain container")} where the settings say auto");
            }
        }
    }
}
