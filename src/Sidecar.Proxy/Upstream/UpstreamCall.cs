using Sidecar.Proxy.LoadBalancing;

namespace Sidecar.Proxy.Upstream;

/// <summary>What one attempt asks of the transport beside the message itself.</summary>
/// <param name="Destination">Where to; the message's <c>RequestUri</c> must name its scheme, host and port.</param>
/// <param name="NeedsFreshConnection">Do not reuse an idle connection: the attempt before met a stale or reset one.</param>
/// <param name="ConnectTimeout">From here to a connection that can carry the request, name resolution and TLS included; null is off.</param>
/// <param name="IsCallerHttp2">The caller spoke HTTP/2; decides where the cluster's protocol is <c>auto</c> over cleartext.</param>
public readonly record struct UpstreamCall(
    Destination Destination,
    bool NeedsFreshConnection,
    TimeSpan? ConnectTimeout,
    bool IsCallerHttp2);
