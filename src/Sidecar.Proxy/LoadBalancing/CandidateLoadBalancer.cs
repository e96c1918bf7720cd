using System.Buffers;
using System.Collections.Immutable;

namespace Sidecar.Proxy.LoadBalancing;

/// <summary>
/// What every algorithm shares: which destinations may be picked at all. Derived types only choose among them.
/// </summary>
/// <remarks>
/// A destination that ramps up (share between 0 and 1) takes part in that share of the picks and counts fully in those:
/// its traffic is then that share of what it would get anyway, whatever the algorithm. Multiplying its weight instead
/// would let load-aware algorithms flood it, because it is idle.
/// </remarks>
public abstract class CandidateLoadBalancer(IRandomSource random) : ILoadBalancer
{
    private const int StackLimit = 64;

    /// <summary>Chance for the algorithm.</summary>
    protected IRandomSource Random { get; } = random;

    /// <inheritdoc/>
    public Destination? Pick(DestinationSet destinations, in PickRequest request)
    {
        var all = destinations.All;
        if (all.Length <= StackLimit)
        {
            Span<int> weights = stackalloc int[StackLimit];
            return Pick(destinations, request, weights[..all.Length]);
        }

        var rented = ArrayPool<int>.Shared.Rent(all.Length);
        var picked = Pick(destinations, request, rented.AsSpan(0, all.Length));
        ArrayPool<int>.Shared.Return(rented);
        return picked;
    }

    /// <summary>Chooses one of the candidates.</summary>
    /// <param name="destinations">The set, also a key for what is cached per set.</param>
    /// <param name="weights">Per destination its weight, or 0: not a candidate.</param>
    /// <param name="total">Sum of the weights, above 0.</param>
    /// <param name="request">What the pick is for.</param>
    /// <returns>Index of a destination whose weight is above 0.</returns>
    protected abstract int Choose(DestinationSet destinations, ReadOnlySpan<int> weights, int total, in PickRequest request);

    /// <summary>A candidate at random, in proportion to its weight.</summary>
    /// <param name="weights">Per destination its weight, or 0.</param>
    /// <param name="total">Sum of the weights, without that of <paramref name="except"/>.</param>
    /// <param name="except">Index that is not taken; -1 for none.</param>
    protected int Sample(ReadOnlySpan<int> weights, int total, int except = -1)
    {
        var rest = Random.Next(total);
        for (var i = 0; i < weights.Length; i++)
        {
            if (i == except)
            {
                continue;
            }

            rest -= weights[i];
            if (rest < 0)
            {
                return i;
            }
        }

        throw new ArgumentException("The total is larger than the sum of the weights.", nameof(total));
    }

    private Destination? Pick(DestinationSet destinations, in PickRequest request, Span<int> weights)
    {
        var all = destinations.All;
        var allUnhealthy = AreAllUnhealthy(all);

        // Destinations by preference: those that take part in this pick; those whose ramp left them out of it (nothing
        // is refused by a ramp); the one to avoid.
        var total = 0;
        Destination? leftOut = null;
        Destination? avoided = null;
        for (var i = 0; i < all.Length; i++)
        {
            weights[i] = 0;
            var destination = all[i];
            if (destination.Health == DestinationHealth.Unhealthy && !allUnhealthy)
            {
                continue;
            }

            var share = request.Filter?.Share(destination) ?? 1;
            if (!(share > 0))
            {
                continue;
            }

            if (ReferenceEquals(destination, request.Avoid))
            {
                avoided = destination;
            }
            else if (share < 1 && Random.NextDouble() >= share)
            {
                leftOut ??= destination;
            }
            else
            {
                weights[i] = Math.Max(1, destination.Weight);
                total += weights[i];
            }
        }

        return total > 0 ? all[Choose(destinations, weights, total, request)] : leftOut ?? avoided;
    }

    private static bool AreAllUnhealthy(ImmutableArray<Destination> all)
    {
        foreach (var destination in all)
        {
            if (destination.Health != DestinationHealth.Unhealthy)
            {
                return false;
            }
        }

        return true;
    }
}
