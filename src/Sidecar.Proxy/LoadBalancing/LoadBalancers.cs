using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.LoadBalancing;

/// <summary>The algorithms by their configured name.</summary>
public static class LoadBalancers
{
    /// <summary>A new balancer; it keeps state (turns, ring) and belongs to one cluster.</summary>
    /// <param name="kind">What <c>loadBalancing</c> says.</param>
    /// <param name="random">Chance.</param>
    /// <param name="time">Clock of the latency estimates.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not a member of <see cref="LoadBalancingKind"/>.</exception>
    public static ILoadBalancer Create(LoadBalancingKind kind, IRandomSource random, TimeProvider time) => kind switch
    {
        LoadBalancingKind.PowerOfTwoChoices => new PowerOfTwoChoicesLoadBalancer(random),
        LoadBalancingKind.LeastRequests => new LeastRequestsLoadBalancer(random),
        LoadBalancingKind.RoundRobin => new RoundRobinLoadBalancer(random),
        LoadBalancingKind.Random => new RandomLoadBalancer(random),
        LoadBalancingKind.PeakEwma => new PeakEwmaLoadBalancer(random, time),
        LoadBalancingKind.RingHash => new RingHashLoadBalancer(random),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such algorithm."),
    };
}
