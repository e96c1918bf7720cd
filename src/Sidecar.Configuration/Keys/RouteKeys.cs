using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Keys;

/// <summary>A route as written.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Order">Lower is tried first.</param>
/// <param name="Direction">Whose traffic it matches; null when not written.</param>
/// <param name="Match">What it matches; a service is not expanded yet, and whether it is a TCP route is not decided yet.</param>
/// <param name="ClusterId">Where it goes; <see cref="RouteConfiguration.OriginalClusterId"/> for <c>forwardTo: original</c>.</param>
/// <param name="Policy">Its own policy, or one that is only a base; null when not written.</param>
/// <param name="Transforms">Yarp's own terms.</param>
/// <param name="Node">Where it was written.</param>
internal sealed record RouteDocument(
    string Id,
    int Order,
    Direction? Direction,
    MatchConfiguration Match,
    string ClusterId,
    PolicyDocument? Policy,
    ImmutableArray<ImmutableDictionary<string, string>> Transforms,
    ObjectNode Node);

/// <summary><c>routes.&lt;id&gt;</c>.</summary>
internal static class RouteKeys
{
    /// <summary>Words of <c>direction</c>.</summary>
    public static readonly TokenShape<Direction> Directions = new(
        ("outbound", Effective.Direction.Outbound), ("inbound", Effective.Direction.Inbound), ("reverse", Effective.Direction.Reverse));

    /// <summary>Order.</summary>
    public static readonly ConfigurationKey<int> Order = new(
        "order", new IntegerShape(-1_000_000, 1_000_000), ConfigurationDefaults.RouteOrder, "Lower is tried first; then port written, host, path, methods, headers decide.");

    /// <summary>Listener.</summary>
    public static readonly ConfigurationKey<Direction> Direction = new(
        "direction", Directions, isRequired: false, "The listener whose traffic it matches; may be left out when only one of the listeners exists.");

    /// <summary>Match.</summary>
    public static readonly ConfigurationKey<MatchConfiguration> Match = new(
        "match",
        MatchKeys.Shape,
        isRequired: true,
        "What it matches; {} matches every request. sni, or outbound and inbound port alone, makes a TCP route: connections that are not HTTP.");

    /// <summary>Cluster.</summary>
    public static readonly ConfigurationKey<string> Cluster = new(
        "cluster", Shapes.Reference("cluster"), isRequired: false, "Id of the cluster it goes to; this or forwardTo. Of inbound routes only loopback addresses.");

    /// <summary>The original destination.</summary>
    public static readonly ConfigurationKey<string> ForwardTo = new(
        "forwardTo",
        new TokenShape<string>((RouteConfiguration.OriginalClusterId, RouteConfiguration.OriginalClusterId)),
        isRequired: false,
        "original: it goes where the application dialled; this or cluster. Not on reverse routes, which have no such place.");

    /// <summary>Policy.</summary>
    public static readonly ConfigurationKey<PolicyDocument> Policy = new(
        "policy", new RoutePolicyShape(), isRequired: false, "Id of a policy, or a policy of its own. Absent: the default policy.");

    /// <summary>Transforms.</summary>
    public static readonly ConfigurationKey<ImmutableArray<ImmutableDictionary<string, string>>> Transforms = new(
        "transforms", new ListShape<ImmutableDictionary<string, string>>(new TransformShape()), [], "Changes to request and response in Yarp's own terms.");

    /// <summary>A route.</summary>
    public static readonly ObjectShape<RouteDocument> Shape = new(
        "a route",
        [Order, Direction, Match, Cluster, ForwardTo, Policy, Transforms],
        view => new RouteDocument(
            view.Id,
            view.Get(Order),
            view.Has(Direction) ? view.Get(Direction) : null,
            view.Get(Match),
            view.Has(Cluster) ? view.Get(Cluster) : view.Get(ForwardTo),
            view.Has(Policy) ? view.Get(Policy) : null,
            view.Get(Transforms),
            view.Node),
        (builder, route) => builder
            .Set(Order, route.Order)
            .SetIfAny(Direction, route.Direction)
            .Set(Match, route.Match)
            .Set(route.ClusterId == RouteConfiguration.OriginalClusterId ? ForwardTo : Cluster, route.ClusterId)
            .SetIfAny(Policy, route.Policy)
            .Set(Transforms, route.Transforms))
    {
        Definition = "route",
        ExactlyOne = [Cluster, ForwardTo],
        Planned =
        [
            new("split", "Weighted clusters in place of one."),
            new("mirror", "A copy of the traffic."),
            new("allowOverrides", "Policy per request by header."),
            new("concurrency", "Requests at once."),
            new("rateLimit", "Requests per time."),
            new("hedge", "A second attempt for slow requests."),
            new("fallback", "What answers when the request would fail."),
            new("fault", "Chaos on purpose."),
            new("shadow", "Only say what would have been done."),
        ],
    };
}

/// <summary>One transform: Yarp's keys and values, which are texts; whole numbers and booleans are taken as such.</summary>
internal sealed class TransformShape : ValueShape<ImmutableDictionary<string, string>>
{
    /// <inheritdoc/>
    public override string Expected => "a transform of Yarp such as {RequestHeader: x-tier, Set: gold}";

    /// <inheritdoc/>
    public override DocumentNode ToNode(ImmutableDictionary<string, string> value) =>
        Written.Object(value.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => KeyValuePair.Create(member.Key, (DocumentNode)Written.Text(member.Value))));

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema)
    {
        schema.Json.WriteString("type", "object");
        schema.Json.WriteNumber("minProperties", 1);
        schema.Json.WriteStartObject("additionalProperties");
        schema.Json.WriteStartArray("type");
        schema.Json.WriteStringValue("string");
        schema.Json.WriteStringValue("integer");
        schema.Json.WriteStringValue("boolean");
        schema.Json.WriteEndArray();
        schema.Json.WriteEndObject();
    }

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out ImmutableDictionary<string, string> value)
    {
        value = null;
        if (node is not ObjectNode { Members.Count: > 0 } written)
        {
            Mismatch(node, problems);
            return false;
        }

        // Yarp looks its keys up whatever their case.
        var texts = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.OrdinalIgnoreCase);
        var isUsable = true;
        foreach (var (key, member) in written.Members)
        {
            var text = member switch
            {
                // A word such as off or 1.50 would come out of a YAML 1.1 reader as another text.
                ScalarNode { Kind: ScalarKind.String or ScalarKind.True } scalar => scalar.Text,
                ScalarNode { Kind: ScalarKind.False, Text: "false" } => "false",
                ScalarNode { Kind: ScalarKind.Number } number when !number.Text.AsSpan().ContainsAny(".eE") => number.Text,
                _ => null,
            };
            if (text is null)
            {
                problems.Error(member, $"{member.Description} is not a text: write it in quotes");
                isUsable = false;
            }
            else if (!texts.TryAdd(key, text))
            {
                problems.Error(member, $"key {MessageText.Quote(key)} is there twice, in another case: remove one");
                isUsable = false;
            }
        }

        value = texts.ToImmutable();
        return isUsable;
    }
}
