using System.Collections.Immutable;
using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;
using Sidecar.Configuration.Keys;

namespace Sidecar.Configuration;

/// <summary>Everything effective, defaults included, as a document that reads back to the same configuration.</summary>
public static class EffectiveDocument
{
    private const string Redacted = "(redacted)";

    /// <summary>
    /// YAML. Every route has its whole policy; only <c>timeouts.request</c> stands in <c>policies.default</c> where the route did not
    /// write it, since that decides whether it applies to gRPC and whether an inbound route has it. A TCP route has only what applies to it. A service is printed as written: its hosts follow from the environment.
    /// </summary>
    /// <param name="configuration">What is effective.</param>
    /// <param name="isRedacted">
    /// True hides values that may be secrets (those of transforms that set something, and of header conditions); the text then no
    /// longer reads back to the same configuration.
    /// </param>
    public static string Write(SidecarConfiguration configuration, bool isRedacted = false) =>
        YamlWriter.Write(ToNode(configuration, isRedacted));

    /// <summary>The same document as JSON, for programs.</summary>
    public static string WriteJson(SidecarConfiguration configuration, bool isRedacted = false) =>
        CanonicalJson.Write(ToNode(configuration, isRedacted));

    private static ObjectNode ToNode(SidecarConfiguration configuration, bool isRedacted)
    {
        var document = new SidecarDocument(
            configuration.Listeners,
            configuration.Limits,
            configuration.Telemetry,
            configuration.Interception,
            configuration.Shutdown,
            [.. configuration.Routes.Select(route => ToDocument(isRedacted ? Redact(route) : route))],
            [new PolicyDocument(ConfigurationDefaults.DefaultPolicyId, (ObjectNode)PolicyKeys.Shape.ToNode(configuration.DefaultPolicy))],
            configuration.Clusters);
        return (ObjectNode)DocumentKeys.Shape.ToNode(document);
    }

    private static RouteDocument ToDocument(RouteConfiguration route)
    {
        var policy = (ObjectNode)PolicyKeys.Shape.ToNode(route.Policy);
        if (route.Match.IsTcp)
        {
            // Everything else is off because the route is TCP; written, it would be refused.
            var connect = Written.Object([new(TimeoutKeys.Connect.Name, TimeoutKeys.Connect.TypedShape.ToNode(route.Policy.Timeouts.Connect))]);
            policy = policy.With(PolicyKeys.Timeouts.Name, connect).Without(PolicyKeys.Retry.Name);
        }
        else if (!route.Policy.Timeouts.IsRequestWritten)
        {
            var timeouts = (ObjectNode)policy[PolicyKeys.Timeouts.Name]!;
            policy = policy.With(PolicyKeys.Timeouts.Name, timeouts.Without(TimeoutKeys.Request.Name));
        }

        return new RouteDocument(route.Id, route.Order, route.Direction, route.Match, route.ClusterId, new PolicyDocument("", policy), route.Transforms, policy);
    }

    private static RouteConfiguration Redact(RouteConfiguration route) => route with
    {
        Match = route.Match with { Headers = [.. route.Match.Headers.Select(header => header with { Values = [.. header.Values.Select(_ => Redacted)] })] },
        Transforms = [.. route.Transforms.Select(Redact)],
    };

    // Yarp's transforms name what they change under one key and say what to in another.
    private static ImmutableDictionary<string, string> Redact(ImmutableDictionary<string, string> transform) => transform.SetItems(
        transform.Keys.Where(key => key.Equals("Set", StringComparison.OrdinalIgnoreCase) || key.Equals("Append", StringComparison.OrdinalIgnoreCase))
            .Select(key => KeyValuePair.Create(key, Redacted)));
}
