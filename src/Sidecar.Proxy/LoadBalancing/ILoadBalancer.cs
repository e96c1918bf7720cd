using System.Collections.Immutable;

namespace Sidecar.Proxy.LoadBalancing;

/// <summary>What a policy says of a destination at this moment; asked once or a few times per pick, so it must be cheap.</summary>
public interface IDestinationFilter
{
    /// <summary>
    /// The destination's share of its weight, 0–1: 0 is not selectable (its circuit is open), between is a ramp
    /// after closing. Must not change state: taking a half-open probe happens after the pick.
    /// </summary>
    double Share(Destination destination);
}

/// <summary>The destinations of one cluster at one moment; replaced whole.</summary>
/// <param name="All">In document or DNS order; may be empty.</param>
public sealed record DestinationSet(ImmutableArray<Destination> All);

/// <summary>What one pick has to respect.</summary>
/// <param name="Filter">The policy's say; null lets all pass.</param>
/// <param name="Avoid">The destination of the attempt before: another one is preferred, if one is selectable.</param>
/// <param name="Hash">Of the request target's path, for <c>ringHash</c>.</param>
public readonly record struct PickRequest(IDestinationFilter? Filter, Destination? Avoid, uint Hash);

/// <summary>Chooses a destination. Thread-safe, no allocation per pick.</summary>
public interface ILoadBalancer
{
    /// <summary>
    /// A destination with share &gt; 0 that is not unhealthy (unhealthy ones only when every destination is unhealthy: Yarp's
    /// HealthyOrPanic), preferring another than <see cref="PickRequest.Avoid"/>; null when the filter excludes all.
    /// </summary>
    Destination? Pick(DestinationSet destinations, in PickRequest request);
}
