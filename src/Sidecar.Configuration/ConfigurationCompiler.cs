using System.Collections.Immutable;
using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;
using Sidecar.Configuration.Keys;
using Sidecar.Configuration.Merging;
using Sidecar.Configuration.Validation;

namespace Sidecar.Configuration;

/// <summary>The merged document to the effective configuration: policies composed, services expanded, everything checked against everything.</summary>
internal static class ConfigurationCompiler
{
    /// <summary>Compiles what is usable; the result counts only when <paramref name="problems"/> has no error afterwards.</summary>
    public static SidecarConfiguration Compile(ObjectNode root, ConfigurationEnvironment environment, ProblemList problems)
    {
        var document = DocumentKeys.Read(DocumentKeys.Shape.ReadView(root, problems, out _));
        ReferenceRules.Check(root, environment.IsPart, problems);

        var composer = new PolicyComposer(root[DocumentKeys.Policies.Name] as ObjectNode);
        foreach (var policy in document.Policies)
        {
            if (composer.Compose(policy.Node) is { } composed)
            {
                PolicyRules.CheckErrors(composed, policy.Node, problems);
            }
        }

        var routes = ImmutableArray.CreateBuilder<RouteConfiguration>();
        var directions = new DirectionRules(root, document.Clusters, problems);
        foreach (var route in document.Routes)
        {
            // Without a direction nothing can be said of the rest.
            if (directions.Resolve(route) is not { } direction)
            {
                continue;
            }

            directions.Check(route, direction);
            var isTcp = IsTcp(route.Match, direction);
            if (isTcp)
            {
                TcpRouteRules.Check(route, document.Clusters, problems);
            }

            var composed = composer.Compose(route.Policy?.Node)?.For(direction, isTcp);
            if (composed is not null)
            {
                PolicyRules.CheckErrors(composed, route.Node, problems);
                PolicyRules.CheckWarnings(composed, route.Node, document.Limits, problems);
            }

            // With a mistake in its policy the route is still compared with the others; the result is not used.
            routes.Add(Compile(route, direction, isTcp, composed?.Policy ?? ConfigurationDefaults.Policy, environment));
        }

        RouteRules.Check(routes.ToImmutable(), document.Clusters, root, problems);
        directions.WarnClosed(routes.ToImmutable());
        return new SidecarConfiguration(
            document.Listeners, document.Limits, document.Telemetry, document.Shutdown, routes.ToImmutable(), document.Clusters)
        {
            Interception = document.Interception,
            DefaultPolicy = composer.Compose(own: null)?.Policy ?? ConfigurationDefaults.Policy,
        };
    }

    private static RouteConfiguration Compile(
        RouteDocument route, Direction direction, bool isTcp, RoutePolicy policy, ConfigurationEnvironment environment) => new(
        route.Id,
        route.Order,
        route.Match with
        {
            Hosts = route.Match.Service is { } service ? ServiceHosts.Expand(service, environment.Namespace, environment.ClusterDomain) : route.Match.Hosts,
            IsTcp = isTcp,
        },
        route.ClusterId,
        policy,
        route.Transforms,
        route.Node.Location)
        {
            Direction = direction,
        };

    // What comes to the reverse listener is HTTP in any case: there port alone is the port of the authority.
    private static bool IsTcp(MatchConfiguration match, Direction direction) =>
        !match.Sni.IsEmpty
        || (direction != Direction.Reverse && match is { Port: not null, Service: null, Hosts: [], Path: null, Methods: [], Headers: [] });
}
