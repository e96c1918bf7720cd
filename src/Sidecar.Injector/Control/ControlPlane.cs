using System.Security.Cryptography;
using Sidecar.Injector.Certificates;
using Sidecar.Injector.Checks;
using Sidecar.Injector.Injection;
using Sidecar.Injector.Kubernetes;
using Sidecar.Injector.Serving;

namespace Sidecar.Injector.Control;

/// <summary>Everything of the injector that is not an admission: what it knows of the cluster, and the certificate it serves with.</summary>
public sealed class ControlPlane : IAsyncDisposable
{
    private readonly ControlOptions _options;
    private readonly TimeProvider _time;
    private readonly IControlLog _log;
    private readonly ApiClient? _api;
    private readonly ClusterView? _view;
    private readonly PodGauge? _pods;
    private readonly ICertificateSource _source;
    private readonly ServedCertificate _served = new();
    private readonly CertificateStatus _status = new();
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    private ControlPlane(ControlOptions options, TimeProvider time, Func<double> random, IControlLog log)
    {
        (_options, _time, _log) = (options, time, log);
        CaBundles? bundles = null;
        if (options.Api is { } endpoint)
        {
            _api = new ApiClient(endpoint, time);
            _view = new ClusterView(_api, time, random, log);
            _pods = options.CountPods ? new PodGauge(_api, _view, options.Namespace, time, random, log) : null;
            bundles = string.IsNullOrEmpty(options.WebhookConfiguration)
                ? null
                : new CaBundles(_api, options.WebhookConfiguration, CertificateLifetimes.Default.Settle, time);
        }

        if (options.CertificateDirectory is { } directory)
        {
            _source = new FileCertificates(directory, options.IsCaBundleLeft ? null : bundles, _served, _status, time, random, log);
            return;
        }

        var api = _api ?? throw new ArgumentException(options.Problem, nameof(options));
        _source = new SelfMadeCertificates(
            new CertificateSecret(api, options.Namespace, options.CertificateSecret),
            bundles,
            options.IsCaBundleLeft,
            new CertificatePlan(options.CertificateNames, CertificateLifetimes.Default),
            _served,
            _status,
            time,
            random,
            log);
    }

    /// <summary>What decisions need of the cluster.</summary>
    public IClusterView Cluster => _view is null ? NoCluster.Instance : _view;

    /// <summary>What to serve with.</summary>
    public IServingCertificate Certificate => _served;

    /// <summary>Why admissions cannot be answered as they should be yet; empty when they can. For <c>/readyz</c>.</summary>
    public IReadOnlyList<string> NotReady
    {
        get
        {
            var reasons = new List<string>();
            if (_served.Current is null)
            {
                reasons.Add("there is no serving certificate yet");
            }

            if (_view is { IsSynced: false })
            {
                reasons.Add("namespaces and the cluster's version are not known yet");
            }

            return reasons;
        }
    }

    /// <summary>Composes it; nothing is asked or read before <see cref="Start"/>.</summary>
    /// <param name="options">Checked by <see cref="ControlOptions.Problem"/>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Told what happens.</param>
    /// <param name="random">Uniform in [0, 1), for jitter only; null: the operating system's.</param>
    public static ControlPlane Create(ControlOptions options, TimeProvider time, IControlLog log, Func<double>? random = null) =>
        new(options, time, random ?? NextDouble, log);

    /// <summary>Begins to follow the cluster and to keep the certificate. Does not wait for either: <see cref="NotReady"/> says how far it is.</summary>
    public void Start()
    {
        var cancellationToken = _stopping.Token;
        _running = Task.WhenAll(
            _view?.RunAsync(cancellationToken) ?? Task.CompletedTask,
            _pods?.RunAsync(cancellationToken) ?? Task.CompletedTask,
            KeepCertificateAsync(cancellationToken));
    }

    /// <summary>Stops following; what is known and served stays.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
    }

    /// <summary>Writes its metrics in Prometheus' text format.</summary>
    public void WriteMetrics(TextWriter writer) => ControlMetrics.Write(writer, _served.Facts, _status, _view, _pods);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
        _api?.Dispose();
    }

    private async Task KeepCertificateAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(await _source.CycleAsync(cancellationToken), _time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    // 53 random bits; the jitter of a few requests a minute needs no generator of its own.
    private static double NextDouble() => (BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) >> 11) * (1.0 / (1UL << 53));
}
