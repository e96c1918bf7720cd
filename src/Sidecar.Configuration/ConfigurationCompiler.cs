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
        ReferenceRules.Check(root, problems);

        var composer = new PolicyComposer(root[DocumentKeys.Policies.Name] as ObjectNode);
        foreach (var policy in document.Policies)
        {
            if (composer.Compose(policy.Node) is { } composed)
            {
                PolicyRules.CheckErrors(composed, policy.Node, problems);
            }
        }

        var routes = ImmutableArray.CreateBuilder<RouteConfiguration>();
        foreach (var route in document.Routes)
        {
            var composed = composer.Compose(route.Policy?.Node);
            if (composed is not null)
            {
                PolicyRules.CheckErrors(composed, route.Node, problems);
                PolicyRules.CheckWarnings(composed, route.Node, document.Limits, problems);
            }

            // With a mistake in its policy the route is still compared with the others; the result is not used.
            routes.Add(Compile(route, composed?.Policy ?? ConfigurationDefaults.Policy, environment));
        }

        RouteRules.Check(routes.ToImmutable(), document.Clusters, document.Listeners, root, problems);
        return new SidecarConfiguration(
            document.Listeners, document.Limits, document.Telemetry, document.Shutdown, routes.ToImmutable(), document.Clusters)
        {
            DefaultPolicy = composer.Compose(own: null)?.Policy ?? ConfigurationDefaults.Policy,
        };
    }

    private static RouteConfiguration Compile(RouteDocument route, RoutePolicy policy, ConfigurationEnvironment environment) => new(
        route.Id,
        route.Order,
        route.Match.Service is { } service
            ? route.Match with { Hosts = ServiceHosts.Expand(service, environment.Namespace, environment.ClusterDomain) }
            : route.Match,
        route.ClusterId,
        policy,
        route.Transforms,
        route.Node.Location);
}
