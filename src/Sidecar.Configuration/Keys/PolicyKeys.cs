using System.Diagnostics.CodeAnalysis;
using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Keys;

/// <summary>A policy: a route's own, or a named one. Each is partial until it is composed with its base and the default.</summary>
internal static class PolicyKeys
{
    /// <summary>What it starts from.</summary>
    public static readonly ConfigurationKey<string> Base = new(
        "base", Shapes.Reference("policy"), isRequired: false, "Id of the policy that this one starts from; every policy starts from default in the end.");

    /// <summary>Clocks.</summary>
    public static readonly ConfigurationKey<TimeoutPolicy> Timeouts = new(
        "timeouts", TimeoutKeys.Shape, ConfigurationDefaults.Timeouts, "The clocks of a route; each may be off.");

    /// <summary>Retries.</summary>
    public static readonly ConfigurationKey<RetryPolicy?> Retry = new(
        "retry", new OffOrObjectShape<RetryPolicy>(RetryKeys.Shape), ConfigurationDefaults.Retry, "When and how a failed request is repeated; on unless off.");

    /// <summary>The breaker.</summary>
    public static readonly ConfigurationKey<CircuitBreakerPolicy?> CircuitBreaker = new(
        "circuitBreaker",
        new OffOrObjectShape<CircuitBreakerPolicy>(CircuitBreakerKeys.Shape),
        ConfigurationDefaults.Policy.CircuitBreaker,
        "Closed, open, half-open, closed; off unless present, {} turns it on with its defaults.");

    /// <summary>A policy. Combinations are checked by <see cref="Validation.PolicyRules"/> once it is composed.</summary>
    public static readonly ObjectShape<RoutePolicy> Shape = new(
        "a policy",
        [Base, Timeouts, Retry, CircuitBreaker],
        view => new RoutePolicy(view.Get(Timeouts), view.Get(Retry), view.Get(CircuitBreaker)),
        (builder, policy) => builder.Set(Timeouts, policy.Timeouts).Set(Retry, policy.Retry).Set(CircuitBreaker, policy.CircuitBreaker))
    {
        Definition = "policy",
        Planned =
        [
            new("concurrency", "Requests at once per route."),
            new("rateLimit", "Requests per time and route."),
            new("hedge", "A second attempt for slow requests."),
            new("fallback", "What answers when the request would fail."),
            new("fault", "Chaos on purpose."),
            new("mirror", "A copy of the traffic."),
            new("split", "Weighted clusters."),
            new("shadow", "Only say what would have been done."),
        ],
    };
}

/// <summary>A policy as written.</summary>
/// <param name="Id">Its id; empty for a route's own.</param>
/// <param name="Node">Its keys.</param>
internal sealed record PolicyDocument(string Id, ObjectNode Node);

/// <summary>Checks the keys of a policy and keeps it as written: its meaning needs its base.</summary>
internal sealed class PolicyDocumentShape : ValueShape<PolicyDocument>
{
    /// <inheritdoc/>
    public override string Expected => PolicyKeys.Shape.Expected;

    /// <inheritdoc/>
    public override DocumentNode ToNode(PolicyDocument value) => value.Node;

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema) => PolicyKeys.Shape.WriteSchema(schema);

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out PolicyDocument value)
    {
        var isUsable = PolicyKeys.Shape.TryRead(node, problems, out _);
        value = isUsable ? new PolicyDocument(node.Path.Key, (ObjectNode)node) : null;
        return isUsable;
    }
}

/// <summary>A route's <c>policy</c>: the id of one, or its own.</summary>
internal sealed class RoutePolicyShape : ValueShape<PolicyDocument>
{
    private static readonly PolicyDocumentShape Own = new();
    private static readonly TextShape Id = Shapes.Reference("policy");

    /// <inheritdoc/>
    public override string Expected => "the id of a policy, or a policy (an object)";

    /// <inheritdoc/>
    public override DocumentNode ToNode(PolicyDocument value) => value.Node;

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema)
    {
        schema.Json.WriteStartArray("anyOf");
        foreach (var shape in (ValueShape[])[Id, Own])
        {
            schema.Json.WriteStartObject();
            shape.WriteSchema(schema);
            schema.Json.WriteEndObject();
        }

        schema.Json.WriteEndArray();
    }

    /// <summary>A name is a policy that has nothing but a base.</summary>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out PolicyDocument value)
    {
        value = null;
        if (node is ObjectNode)
        {
            return Own.TryRead(node, problems, out value);
        }

        if (node is ScalarNode { IsOff: false, Kind: ScalarKind.String } && Id.TryRead(node, new ProblemList(), out _))
        {
            value = new PolicyDocument("", new ObjectNode(node.Position, node.Path, [new(PolicyKeys.Base.Name, node)]));
            return true;
        }

        Mismatch(node, problems, node is ScalarNode { IsOff: true } ? "; retry, circuitBreaker and each clock can be off one by one" : null);
        return false;
    }
}
