using System.Collections.Frozen;
using System.Net.Http;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Sidecar.Proxy.AppHealth;

/// <summary>
/// Performs the application's probes for the kubelet: directly against the container, outside every policy, limit and metric of
/// traffic, and whatever the proxy itself is doing, draining included. Nothing is kept between two probes but the last verdict,
/// so that a change can be told: the kubelet's own event says no more than "statuscode: 503".
/// </summary>
/// <param name="probes">All of the pod.</param>
/// <param name="changed">Told probe and verdict at the first failure and at every change after it.</param>
/// <param name="time">Clock.</param>
public sealed class ApplicationHealth(IEnumerable<ApplicationProbe> probes, Action<string, ProbeVerdict> changed, TimeProvider time)
{
    /// <summary>Probes under way at a time: anybody in the pod network may ask for them.</summary>
    public const int MaxConcurrent = 32;

    // The kubelet itself gives a hook the pod's grace period (preStop) or any time (postStart); its patience ends ours, since a
    // caller that hangs up ends the request. This is only the bound that everything has.
    private static readonly TimeSpan HookTimeout = TimeSpan.FromHours(1);

    private readonly FrozenDictionary<string, Known> _probes = probes.ToFrozenDictionary(probe => probe.Name, probe => new Known(probe), StringComparer.Ordinal);
    private int _running;

    /// <summary>The probe of a name, <c>web/readiness</c>; null when there is none.</summary>
    public ApplicationProbe? Find(string name) => _probes.GetValueOrDefault(name)?.Probe;

    /// <summary>Performs a probe.</summary>
    /// <param name="probe">One of <see cref="Find"/>.</param>
    /// <param name="caller">Who asked.</param>
    /// <param name="callerGone">Ends it: nobody waits for the verdict any more.</param>
    public async Task<ProbeVerdict> RunAsync(ApplicationProbe probe, ProbeCaller caller, CancellationToken callerGone)
    {
        if (Interlocked.Increment(ref _running) > MaxConcurrent)
        {
            Interlocked.Decrement(ref _running);
            return new ProbeVerdict(false, $"{MaxConcurrent} application probes are under way already; this one was not performed");
        }

        try
        {
            var verdict = await PerformAsync(probe, caller, callerGone);
            if (_probes[probe.Name].IsNews(verdict.IsHealthy))
            {
                changed(probe.Name, verdict);
            }

            return verdict;
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private async Task<ProbeVerdict> PerformAsync(ApplicationProbe probe, ProbeCaller caller, CancellationToken callerGone)
    {
        var limit = probe.Timeout ?? HookTimeout;
        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, callerGone);
        try
        {
            switch (probe.Target)
            {
                case HttpGetTarget http when http.Host is null && http.Port == caller.Port && http.Target.StartsWith(Contract.ApplicationProbes.PathPrefix, StringComparison.Ordinal):
                    return new ProbeVerdict(false, "the probe leads back to the proxy that performs it");
                case HttpGetTarget http:
                    return await HttpGetProbe.RunAsync(http, probe.IsHook, caller, either.Token);
                case GrpcTarget grpc:
                    return await GrpcHealthProbe.RunAsync(grpc, limit, caller, either.Token);
                default:
                    using (await ProbeConnection.DialAsync(probe.Target, probe.Target.Port, caller.ReachedAt, either.Token))
                    {
                        return new ProbeVerdict(true, $"tcpSocket on port {probe.Target.Port} is open");
                    }
            }
        }
        catch (OperationCanceledException) when (!callerGone.IsCancellationRequested)
        {
            return new ProbeVerdict(false, $"port {probe.Target.Port} did not answer within {limit.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or AuthenticationException or UriFormatException or NotSupportedException or InvalidOperationException)
        {
            return new ProbeVerdict(false, $"port {probe.Target.Port}: {Cause(e)}");
        }
    }

    // The innermost sentence is the kernel's or the parser's; those around it say only that something failed.
    private static string Cause(Exception e) => e.GetBaseException().Message;

    private sealed class Known(ApplicationProbe probe)
    {
        private const int Healthy = 1;
        private const int Failing = 2;

        private int _last;

        public ApplicationProbe Probe { get; } = probe;

        // The first success is what is expected.
        public bool IsNews(bool isHealthy)
        {
            var now = isHealthy ? Healthy : Failing;
            var before = Interlocked.Exchange(ref _last, now);
            return before != now && !(before == 0 && isHealthy);
        }
    }
}
