using Sidecar.Contract;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Checks;

/// <summary>Keeps the number of labelled pods without a sidecar for <c>/metrics</c>. Off unless asked for: it needs the right to list pods.</summary>
internal sealed class PodGauge(ApiClient api, ClusterView view, string ownNamespace, TimeProvider time, Func<double> random, IControlLog log)
{
    // An alert waits for minutes anyway.
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Backoff _backoff = new(random);
    private long _count = -1;
    private bool _isReported;

    /// <summary>The number; null before the first count and while pods cannot be listed: no number is better than an old one.</summary>
    public long? Count => Interlocked.Read(ref _count) is var count and >= 0 ? count : null;

    /// <summary>Counts until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(await CountAsync(cancellationToken), time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private async Task<TimeSpan> CountAsync(CancellationToken cancellationToken)
    {
        if (!view.IsSynced)
        {
            return _backoff.Next();
        }

        try
        {
            var missing = await LabelledPods.FindAsync(api, view.NamespacesWith(Annotations.Inject, "enabled"), ownNamespace, cancellationToken);
            Interlocked.Exchange(ref _count, missing.Values.Sum(static item => item.Count));
            _isReported = false;
            _backoff.Reset();
            return Interval * (0.9 + (random() / 5));
        }
        catch (ApiException e)
        {
            Interlocked.Exchange(ref _count, -1);
            if (!_isReported)
            {
                _isReported = true;
                log.Write(ControlLevel.Warning, e.IsForbidden ? ControlEvents.ApiForbidden : ControlEvents.ApiUnavailable, $"labelled pods cannot be counted: {e.Message}");
            }

            return Interval;
        }
    }
}
