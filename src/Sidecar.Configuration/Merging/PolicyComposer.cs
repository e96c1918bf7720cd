using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;
using Sidecar.Configuration.Keys;

namespace Sidecar.Configuration.Merging;

/// <summary>A policy with everything it starts from.</summary>
/// <param name="Policy">The effective policy.</param>
/// <param name="Node">What was written for it, merged; its values know where they were written.</param>
internal sealed record ComposedPolicy(RoutePolicy Policy, ObjectNode Node)
{
    /// <summary>Its <c>retry.retryOn</c> stands in the route's own policy or its <c>base:</c>.</summary>
    public bool IsRetryOnWritten { get; init; }

    /// <summary>The policy as a route of this kind has it: defaults depend on the direction, and bytes that are not read have no request.</summary>
    public ComposedPolicy For(Direction direction, bool isTcp) => this with
    {
        Policy = (direction, isTcp) switch
        {
            (_, true) => Policy with { Timeouts = ConfigurationDefaults.NoTimeouts with { Connect = Policy.Timeouts.Connect }, Retry = null },
            (Direction.Inbound, _) => Inbound(),
            _ => Policy,
        },
    };

    private RoutePolicy Inbound() => Policy with
    {
        Timeouts = Policy.Timeouts.IsRequestWritten ? Policy.Timeouts : Policy.Timeouts with { Request = null },
        Retry = IsRetryOnWritten || Policy.Retry is not { } retry ? Policy.Retry : retry with { RetryOn = ConfigurationDefaults.InboundRetryOn, Statuses = default },
    };
}

/// <summary>Composes <c>default</c> ← <c>base</c> … ← own, key by key.</summary>
internal sealed class PolicyComposer(ObjectNode? policies)
{
    /// <summary>Longest chain of bases; more is a mistake, or an attempt to make composing all policies quadratic.</summary>
    public const int MaxBases = 32;

    private static readonly ObjectNode Nothing = new(default, NodePath.Root, []);

    private readonly ObjectNode _default = policies?[ConfigurationDefaults.DefaultPolicyId] as ObjectNode ?? Nothing;

    /// <summary>The effective policy of what is written; null when any part of it is wrong, which is reported where it stands.</summary>
    public ComposedPolicy? Compose(ObjectNode? own)
    {
        // In this order and no other: what an earlier layer turned off, a later one turns on again from the built-in
        // defaults, not from what a layer before the off had set.
        var merged = _default;
        var (isRequestWritten, isRetryOnWritten) = (false, false);
        foreach (var layer in Chain(own).Reverse())
        {
            merged = (ObjectNode)DocumentMerge.Overlay(merged, layer);
            isRequestWritten |= layer.Find(PolicyKeys.Timeouts.Name, TimeoutKeys.Request.Name) is not null;
            isRetryOnWritten = layer[PolicyKeys.Retry.Name] switch
            {
                null => isRetryOnWritten,
                // Off takes away what the layers below wrote.
                ObjectNode retry => isRetryOnWritten || retry[RetryKeys.RetryOn.Name] is not null,
                _ => false,
            };
        }

        merged = merged.Without(PolicyKeys.Base.Name);
        if (!PolicyKeys.Shape.TryRead(merged, new ProblemList(), out var policy))
        {
            return null;
        }

        return new ComposedPolicy(policy with { Timeouts = policy.Timeouts with { IsRequestWritten = isRequestWritten } }, merged)
        {
            IsRetryOnWritten = isRetryOnWritten,
        };
    }

    /// <summary>Own, its base, the base's base; without the default policy, which everything starts from anyway. Ends where a cycle would begin.</summary>
    private IEnumerable<ObjectNode> Chain(ObjectNode? own)
    {
        // The default policy, the base of a route's own policy, and the bases behind that one.
        var seen = new HashSet<string>(StringComparer.Ordinal) { ConfigurationDefaults.DefaultPolicyId };
        for (var layer = own; layer is not null;)
        {
            yield return layer;
            var baseId = (layer[PolicyKeys.Base.Name] as ScalarNode)?.Text;
            layer = baseId is not null && seen.Count <= MaxBases + 1 && seen.Add(baseId) ? policies?[baseId] as ObjectNode : null;
        }
    }
}
