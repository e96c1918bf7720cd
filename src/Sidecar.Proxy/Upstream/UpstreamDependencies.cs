using Sidecar.Proxy.LoadBalancing;

namespace Sidecar.Proxy.Upstream;

/// <summary>What every cluster needs from outside.</summary>
/// <param name="Time">Clock and timers.</param>
/// <param name="Random">Chance.</param>
/// <param name="Resolver">DNS.</param>
/// <param name="Events">Who is told.</param>
/// <param name="Dialer">Opens connections.</param>
internal sealed record UpstreamDependencies(
    TimeProvider Time, IRandomSource Random, INameResolver Resolver, IUpstreamEvents Events, UpstreamDialer Dialer);
