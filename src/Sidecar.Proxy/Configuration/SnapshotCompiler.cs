using System.Collections.Immutable;
using System.Globalization;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Configuration;
using Sidecar.Configuration.Effective;
using Yarp.ReverseProxy.Configuration;

namespace Sidecar.Proxy.Configuration;

/// <summary>
/// Effective configuration → what the request path reads. Everything that only Yarp and ASP.NET can judge (path
/// templates, transforms) is judged here, so that a bad document is refused as a whole before anything is swapped.
/// </summary>
public static class SnapshotCompiler
{
    /// <summary>Yarp's metadata of a route: the name of its <see cref="Direction"/>.</summary>
    public const string DirectionKey = "direction";

    private const string EveryPath = "/{**rest}";

    // Placeholder of every Yarp cluster: the policy engine chooses the destination of each attempt itself.
    private static readonly Dictionary<string, DestinationConfig> NoDestinations = new(StringComparer.Ordinal);

    /// <summary>Compiles a configuration that <see cref="Check"/> found nothing wrong with.</summary>
    public static ConfigSnapshot Compile(SidecarConfiguration configuration)
    {
        var variants = Ordered(configuration).FindAll(static variant => !variant.Route.Match.IsTcp);
        var routes = ImmutableArray.CreateBuilder<RouteConfig>(variants.Count);
        var rank = 0;
        for (var i = 0; i < variants.Count; i++)
        {
            rank = i > 0 && RouteOrdering.Instance.Compare(variants[i - 1], variants[i]) == 0 ? rank : i;
            routes.Add(ToYarp(variants[i], rank));
        }

        return new ConfigSnapshot(
            configuration,
            [.. InMatchingOrder(configuration).Select(route => ToCompiled(route, configuration))],
            routes.MoveToImmutable(),
            [
                .. configuration.Clusters.Select(static cluster => cluster.Id).Append(RouteConfiguration.OriginalClusterId)
                    .Select(static id => new ClusterConfig { ClusterId = id, Destinations = NoDestinations }),
            ]);
    }

    /// <summary>The routes as they are tried, first match wins.</summary>
    public static IEnumerable<RouteConfiguration> InMatchingOrder(SidecarConfiguration configuration) =>
        Ordered(configuration).Select(variant => variant.Route).Distinct();

    /// <summary>What only Yarp and ASP.NET can find wrong with a configuration that the document reader accepted.</summary>
    public static IReadOnlyList<ConfigurationProblem> Check(SidecarConfiguration configuration)
    {
        var problems = new List<ConfigurationProblem>();
        var services = new Lazy<ServiceProvider>(EngineServices);
        foreach (var route in configuration.Routes)
        {
            CheckTemplate(route, services, problems);
        }

        if (problems.Count == 0 && configuration.Routes.Any(route => !route.Transforms.IsEmpty))
        {
            CheckTransforms(configuration, services.Value, problems);
        }

        if (services.IsValueCreated)
        {
            services.Value.Dispose();
        }

        return problems;
    }

    /// <summary>The id of our route behind a Yarp route id.</summary>
    public static string RouteIdOf(string yarpRouteId) => yarpRouteId.Split('|', 2)[0];

    private static List<RouteVariant> Ordered(SidecarConfiguration configuration) =>
    [
        .. configuration.Routes
            .SelectMany(route => RouteVariant.Of(route, RoutePatternFactory.Parse(route.Match.Path ?? EveryPath)))
            .Order(RouteOrdering.Instance),
    ];

    private static void CheckTemplate(RouteConfiguration route, Lazy<ServiceProvider> services, List<ConfigurationProblem> problems)
    {
        if (route.Match.Path is not { } path)
        {
            return;
        }

        try
        {
            CheckConstraints(RoutePatternFactory.Parse(path), services);
        }
        catch (Exception e) when (e is RoutePatternException or RouteCreationException)
        {
            var location = route.Location with { Path = route.Location.Path + ".match.path" };
            problems.Add(new(location, $"'{path}' is not a path template: {e.Message}"));
        }
    }

    // ASP.NET looks at constraints when the first request comes, and then fails every request.
    private static void CheckConstraints(RoutePattern pattern, Lazy<ServiceProvider> services)
    {
        foreach (var constraint in pattern.ParameterPolicies.Values.SelectMany(static policies => policies))
        {
            if (constraint.Content is { } content
                && services.Value.GetRequiredService<IInlineConstraintResolver>().ResolveConstraint(content) is null)
            {
                throw new RouteCreationException($"there is no constraint '{content}'.");
            }
        }
    }

    private static void CheckTransforms(SidecarConfiguration configuration, ServiceProvider services, List<ConfigurationProblem> problems)
    {
        var validator = services.GetRequiredService<IConfigValidator>();
        foreach (var route in configuration.Routes.Where(route => !route.Transforms.IsEmpty))
        {
            var yarp = ToYarp(RouteVariant.Of(route, RoutePatternFactory.Parse(route.Match.Path ?? EveryPath)).First(), 0);

            // The validator's work is synchronous behind its ValueTask; configuration is never loaded on an event loop.
            foreach (var error in validator.ValidateRouteAsync(yarp).AsTask().GetAwaiter().GetResult())
            {
                problems.Add(new(route.Location with { Path = route.Location.Path + ".transforms" }, error.Message));
            }
        }
    }

    // Only made when a document has something that these must judge: it costs milliseconds of the start.
    private static ServiceProvider EngineServices()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddReverseProxy();
        return services.BuildServiceProvider();
    }

    private static RouteConfig ToYarp(RouteVariant variant, int rank)
    {
        var route = variant.Route;
        return new RouteConfig
        {
            RouteId = variant.HostRank is 0 or int.MaxValue ? route.Id : route.Id + "|" + variant.Hosts[0],
            Order = rank,
            ClusterId = route.ClusterId,
            Match = new RouteMatch
            {
                Path = route.Match.Path ?? EveryPath,
                Hosts = Hosts(variant),
                Methods = route.Match.Methods.IsEmpty ? null : route.Match.Methods,
                Headers = route.Match.Headers.IsEmpty ? null : [.. route.Match.Headers.Select(ToYarp)],
            },
            Transforms = route.Transforms.IsEmpty ? null : [.. OwnTransforms.Concat(route.Transforms)],
            Metadata = Directions[(int)route.Direction],
        };
    }

    private static readonly IReadOnlyDictionary<string, string>[] Directions =
    [
        .. Enum.GetNames<Direction>().Select(name => new Dictionary<string, string>(StringComparer.Ordinal) { [DirectionKey] = name }),
    ];

    // Headers are copied and X-Forwarded-* set by us (ExchangeTransformer): Yarp only applies what the operator wrote.
    private static IEnumerable<IReadOnlyDictionary<string, string>> OwnTransforms =>
    [
        new Dictionary<string, string>(StringComparer.Ordinal) { ["RequestHeadersCopy"] = "false" },
        new Dictionary<string, string>(StringComparer.Ordinal) { ["ResponseHeadersCopy"] = "false" },
        new Dictionary<string, string>(StringComparer.Ordinal) { ["ResponseTrailersCopy"] = "false" },
        new Dictionary<string, string>(StringComparer.Ordinal) { ["RequestHeaderOriginalHost"] = "true" },
        new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Forwarded"] = "Off" },
    ];

    private static List<string>? Hosts(RouteVariant variant)
    {
        // On intercepted traffic the port is the one that was dialled: DirectionMatcherPolicy.
        var port = variant.Route.Direction == Direction.Reverse ? variant.Route.Match.Port : null;
        if (variant.Hosts.IsEmpty)
        {
            return port is null ? null : ["*:" + port.Value.ToString(CultureInfo.InvariantCulture)];
        }

        return [.. variant.Hosts.Select(host => port is null ? host : string.Create(CultureInfo.InvariantCulture, $"{host}:{port}"))];
    }

    private static RouteHeader ToYarp(HeaderMatchConfiguration header) => new()
    {
        Name = header.Name,
        Values = header.Values.IsEmpty ? null : header.Values,
        IsCaseSensitive = header.IsCaseSensitive,
        Mode = header.Mode switch
        {
            "headerPrefix" => HeaderMatchMode.HeaderPrefix,
            "contains" => HeaderMatchMode.Contains,
            "notContains" => HeaderMatchMode.NotContains,
            "exists" => HeaderMatchMode.Exists,
            "notExists" => HeaderMatchMode.NotExists,
            _ => HeaderMatchMode.ExactHeader,
        },
    };

    private static CompiledRoute ToCompiled(RouteConfiguration route, SidecarConfiguration configuration) => new(
        route,
        route.Transforms.Any(transform => transform.Keys.Any(ChangesTarget)),
        !route.Transforms.IsEmpty,
        configuration.Clusters.Any(cluster => cluster.Id == route.ClusterId && cluster.LoadBalancing == LoadBalancingKind.RingHash));

    private static bool ChangesTarget(string key) =>
        key.StartsWith("Path", StringComparison.OrdinalIgnoreCase) || key.StartsWith("Query", StringComparison.OrdinalIgnoreCase);
}
