using System.Collections.Immutable;

namespace Sidecar.Proxy.AppHealth;

/// <summary>One probe or HTTP hook of the application, as it was before the injector pointed the kubelet to us.</summary>
/// <param name="Name">Container and probe, <c>web/readiness</c>: what follows <c>/app-health/</c>.</param>
/// <param name="IsHook">A lifecycle hook: the kubelet takes any answer for success, whatever its status, and only the lack of one for failure.</param>
/// <param name="Timeout">How long the application may take; null for hooks, which have no such setting.</param>
/// <param name="Target">What is asked.</param>
public sealed record ApplicationProbe(string Name, bool IsHook, TimeSpan? Timeout, ProbeTarget Target);

/// <summary>What a probe asks.</summary>
/// <param name="Host">A host written in the probe; null is the address at which the kubelet reached us, which is the pod's.</param>
/// <param name="Port">Port.</param>
public abstract record ProbeTarget(string? Host, int Port);

/// <summary><c>httpGet</c>.</summary>
/// <param name="Host">See <see cref="ProbeTarget"/>.</param>
/// <param name="Port">Port.</param>
/// <param name="Target">Path and query as they go over the wire.</param>
/// <param name="IsTls"><c>scheme: HTTPS</c>; the certificate is not verified, as the kubelet does not.</param>
/// <param name="HostHeader">The <c>Host</c> of <c>httpHeaders</c>; null is host and port.</param>
/// <param name="Headers">The other <c>httpHeaders</c>, in order.</param>
public sealed record HttpGetTarget(
    string? Host, int Port, string Target, bool IsTls, string? HostHeader, ImmutableArray<KeyValuePair<string, string>> Headers) : ProbeTarget(Host, Port);

/// <summary><c>tcpSocket</c>.</summary>
/// <param name="Host">See <see cref="ProbeTarget"/>.</param>
/// <param name="Port">Port.</param>
public sealed record TcpSocketTarget(string? Host, int Port) : ProbeTarget(Host, Port);

/// <summary><c>grpc</c>: <c>grpc.health.v1.Health/Check</c> in the clear.</summary>
/// <param name="Port">Port.</param>
/// <param name="Service">Name of the service; empty is the server as a whole.</param>
public sealed record GrpcTarget(int Port, string Service) : ProbeTarget(null, Port);

/// <summary>What a probe came to.</summary>
/// <param name="IsHealthy">The kubelet would have taken it for success.</param>
/// <param name="Reason">One sentence: what was seen. Never the application's own bytes.</param>
public readonly record struct ProbeVerdict(bool IsHealthy, string Reason);

/// <summary>Who asked, as far as the application may see it.</summary>
/// <param name="ReachedAt">The address at which the kubelet reached us.</param>
/// <param name="Port">And the port.</param>
/// <param name="UserAgent">Its <c>User-Agent</c>; passed on where the probe names none.</param>
public readonly record struct ProbeCaller(System.Net.IPAddress ReachedAt, int Port, string? UserAgent);
