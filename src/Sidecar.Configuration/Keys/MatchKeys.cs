using System.Collections.Immutable;
using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Keys;

/// <summary>One condition of <c>match.headers</c>.</summary>
internal static class HeaderMatchKeys
{
    private const string Exists = "exists";
    private const string NotExists = "notExists";

    /// <summary>The header.</summary>
    public static readonly ConfigurationKey<string> Name = new("name", HttpShapes.HeaderName, isRequired: true, "Name of the header.");

    /// <summary>Accepted values.</summary>
    public static readonly ConfigurationKey<ImmutableArray<string>> Values = new(
        "values", new ListShape<string>(HttpShapes.HeaderValue, minItems: 1, StringComparer.Ordinal), isRequired: false, "Accepted values, any of them; not with exists and notExists.");

    /// <summary>How they are compared.</summary>
    public static readonly ConfigurationKey<string> Mode = new(
        "mode",
        new TokenShape<string>([.. new[] { "exactHeader", "headerPrefix", "contains", "notContains", Exists, NotExists }.Select(mode => (mode, mode))]),
        ConfigurationDefaults.HeaderMatchMode,
        "How values are compared (Yarp's terms).");

    /// <summary>By case.</summary>
    public static readonly ConfigurationKey<bool> IsCaseSensitive = new("isCaseSensitive", new BooleanShape(), defaultValue: false, "Compare values by case.");

    /// <summary>The condition.</summary>
    public static readonly ObjectShape<HeaderMatchConfiguration> Shape = new(
        "a header condition",
        [Name, Values, Mode, IsCaseSensitive],
        view => new HeaderMatchConfiguration(view.Get(Name), view.Has(Values) ? view.Get(Values) : [], view.Get(Mode), view.Get(IsCaseSensitive)),
        (builder, header) => builder
            .Set(Name, header.Name)
            .SetIfAny(Values, header.Values.IsEmpty ? null : header.Values)
            .Set(Mode, header.Mode)
            .Set(IsCaseSensitive, header.IsCaseSensitive))
    {
        Rules = CheckValues,
    };

    private static void CheckValues(ObjectView view, HeaderMatchConfiguration header, ProblemList problems)
    {
        var needsValues = header.Mode is not (Exists or NotExists);
        if (needsValues && header.Values.IsEmpty)
        {
            problems.Error(view.Node, $"mode {header.Mode} needs values: write them, or mode {Exists}");
        }
        else if (!needsValues && !header.Values.IsEmpty)
        {
            problems.Error(view.Node["values"]!, $"mode {header.Mode} looks at no values: remove them or the mode");
        }
    }
}

/// <summary><c>match</c> of a route.</summary>
internal static class MatchKeys
{
    /// <summary>Kubernetes service.</summary>
    public static readonly ConfigurationKey<string> Service = new(
        "service", AddressShapes.Service, isRequired: false, "Kubernetes service as name.namespace: all the names it is called by, on any port; not together with hosts.");

    /// <summary>Hosts.</summary>
    public static readonly ConfigurationKey<ImmutableArray<string>> Hosts = new(
        "hosts", new ListShape<string>(AddressShapes.HostPattern, minItems: 1, StringComparer.Ordinal), isRequired: false, "Hosts, any of them: exact, or *.example.com.");

    /// <summary>Path.</summary>
    public static readonly ConfigurationKey<string> Path = new(
        "path", new PathTemplateShape(), isRequired: false, "Path template (Yarp, ASP.NET); decoded, whatever the case. Absent: every path.");

    /// <summary>Methods.</summary>
    public static readonly ConfigurationKey<ImmutableArray<string>> Methods = new(
        "methods", new ListShape<string>(HttpShapes.Method, minItems: 1, StringComparer.Ordinal), isRequired: false, "Methods, any of them.");

    /// <summary>Headers.</summary>
    public static readonly ConfigurationKey<ImmutableArray<HeaderMatchConfiguration>> Headers = new(
        "headers", new ListShape<HeaderMatchConfiguration>(HeaderMatchKeys.Shape, minItems: 1), isRequired: false, "Header conditions, all of which must hold (Yarp's terms).");

    /// <summary>Port.</summary>
    public static readonly ConfigurationKey<int> Port = new(
        "port", Shapes.Port, isRequired: false, "Port of the authority; of a TCP route the port that was dialled. Absent: any. Outbound and inbound, port alone makes a TCP route.");

    /// <summary>Server names.</summary>
    public static readonly ConfigurationKey<ImmutableArray<string>> Sni = new(
        "sni",
        new ListShape<string>(AddressShapes.ServerNamePattern, minItems: 1, StringComparer.Ordinal),
        isRequired: false,
        "Server names of TLS that is carried unread, any of them: exact, or *.example.com. Makes a TCP route; only port may stand beside it.");

    /// <summary>
    /// The section; <see cref="MatchConfiguration.Hosts"/> of a service and <see cref="MatchConfiguration.IsTcp"/> are added by the
    /// compiler, which knows the environment and the route's direction.
    /// </summary>
    public static readonly ObjectShape<MatchConfiguration> Shape = new(
        "a match",
        [Service, Hosts, Path, Methods, Headers, Port, Sni],
        view => new MatchConfiguration(
            view.Has(Service) ? view.Get(Service) : null,
            view.Has(Hosts) ? view.Get(Hosts) : [],
            view.Has(Path) ? view.Get(Path) : null,
            view.Has(Methods) ? view.Get(Methods) : [],
            view.Has(Headers) ? view.Get(Headers) : [],
            view.Has(Port) ? view.Get(Port) : null)
        {
            Sni = view.Has(Sni) ? view.Get(Sni) : [],
        },
        (builder, match) => builder
            .SetIfAny(Service, match.Service)
            .SetIfAny(Hosts, match.Service is not null || match.Hosts.IsEmpty ? null : match.Hosts)
            .SetIfAny(Path, match.Path)
            .SetIfAny(Methods, match.Methods.IsEmpty ? null : match.Methods)
            .SetIfAny(Headers, match.Headers.IsEmpty ? null : match.Headers)
            .SetIfAny(Port, match.Port)
            .SetIfAny(Sni, match.Sni.IsEmpty ? null : match.Sni))
    {
        Rules = CheckCombination,
    };

    private static void CheckCombination(ObjectView view, MatchConfiguration match, ProblemList problems)
    {
        if (view.Has(Service) && view.Has(Hosts))
        {
            problems.Error(
                view.Node["service"]!,
                $"service {MessageText.Quote(match.Service!)} and hosts [{MessageText.Escape(string.Join(", ", match.Hosts))}] cannot stand together: a service is its hosts; remove one, or write two routes");
        }

        var http = new ConfigurationKey[] { Service, Hosts, Path, Methods, Headers }.Where(view.Has).Select(key => key.Name).ToList();
        if (view.Has(Sni) && http.Count > 0)
        {
            problems.Error(
                view.Node["sni"]!,
                $"sni cannot stand together with {MessageText.OneOf(http)}: TLS that is carried unread has no request to look at; remove one side, or write two routes");
        }
    }
}
