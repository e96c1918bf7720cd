using System.Text.RegularExpressions;

namespace Sidecar.Proxy.Tests.Architecture;

/// <summary>
/// The dependency rule of src/README.md: which folder of the proxy may name which. Checked on <c>using</c> lines and
/// on names written in full, because a rule that nobody checks is a wish.
/// </summary>
public sealed partial class DependencyRuleTests
{
    private const string Everything = "*";

    // Folder → the folders it may name. Nobody names Startup, Commands or Admin except those two.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Errors"] = [],
        ["Pooling"] = [],
        ["Sockets"] = ["Pooling"],
        ["AppHealth"] = [],
        ["Telemetry"] = ["Errors", "Pooling"],
        ["LoadBalancing"] = [],
        ["Policies"] = ["Errors", "Telemetry", "LoadBalancing", "Pooling"],
        ["Upstream"] = ["Errors", "Telemetry", "LoadBalancing", "Pooling", "Sockets"],
        ["Configuration"] = ["LoadBalancing", "Telemetry", "Errors"],
        ["Interception"] = ["Errors", "Telemetry", "Sockets"],
        ["Overload"] = ["Interception", "Errors", "Telemetry"],
        ["Rescue"] = ["Errors", "Telemetry", "Pooling"],
        ["Validation"] = ["Errors", "Telemetry"],
        ["Routing"] = ["Configuration", "Interception", "Errors", "Telemetry", "Policies", "Upstream", "LoadBalancing"],
        ["Forwarding"] = ["Routing", "Interception", "Validation", "Policies", "Upstream", "LoadBalancing", "Errors", "Telemetry", "Configuration", "Pooling"],
        ["Admin"] = ["AppHealth", "Configuration", "Interception", "Overload", "Policies", "Routing", "Upstream", "Telemetry", "Errors", "LoadBalancing"],
        ["Commands"] = [Everything],
        ["Startup"] = [Everything],
    };

    // Folder → the folders that may name a package or framework part.
    private static readonly (string Namespace, string[] Folders)[] AllowedPackages =
    [
        ("Yarp", ["Configuration", "Routing", "Forwarding", "Startup"]),
        ("Polly", ["Policies"]),
        ("System.CommandLine", ["Commands"]),
        ("YamlDotNet", []),
    ];

    // Folder → what it must not name, whatever its other rights.
    private static readonly (string Folder, string Namespace)[] Forbidden =
    [
        ("Policies", "System.Net.Http"),
        ("Policies", "Microsoft.AspNetCore"),
        ("Upstream", "Microsoft.AspNetCore.Http"),
        ("LoadBalancing", "Microsoft.AspNetCore"),
        ("LoadBalancing", "System.Net.Http"),
        ("Errors", "Microsoft.AspNetCore"),
        ("Errors", "System.Net.Http"),
    ];

    [Fact]
    public void Folders_OfTheProxy_NameOnlyWhatTheRuleAllows()
    {
        var violations = ProxyFiles()
            .SelectMany(file => NamedFolders(file.Text).Select(named => (file.Path, file.Folder, Named: named)))
            .Where(edge => edge.Named != edge.Folder && !Allowed[edge.Folder].Contains(Everything) && !Allowed[edge.Folder].Contains(edge.Named))
            .Select(edge => $"{edge.Path}: {edge.Folder} → {edge.Named}")
            .Distinct();

        Assert.Empty(violations);
    }

    [Fact]
    public void Folders_OfTheProxy_AreAllInTheRule() => Assert.Empty(ProxyFiles().Select(file => file.Folder).Where(folder => !Allowed.ContainsKey(folder)).Distinct());

    [Fact]
    public void Rule_IsAcyclic()
    {
        var remaining = Allowed.ToDictionary(entry => entry.Key, entry => entry.Value.Where(name => name != Everything).ToHashSet());
        while (remaining.FirstOrDefault(entry => entry.Value.Count == 0).Key is { } leaf)
        {
            remaining.Remove(leaf);
            foreach (var edges in remaining.Values)
            {
                edges.Remove(leaf);
            }
        }

        Assert.Empty(remaining.Keys);
    }

    [Fact]
    public void Packages_AreNamed_OnlyWhereTheRuleAllows()
    {
        var violations =
            from file in ProxyFiles()
            from package in AllowedPackages
            where Names(file.Text, package.Namespace) && !package.Folders.Contains(file.Folder)
            select $"{file.Path}: {package.Namespace}";

        Assert.Empty(violations);
    }

    [Fact]
    public void Folders_OfTheUpstreamHalf_DoNotNameTheDownstreamHalf()
    {
        var violations =
            from file in ProxyFiles()
            from rule in Forbidden
            where file.Folder == rule.Folder && Names(file.Text, rule.Namespace)
            select $"{file.Path}: {rule.Namespace}";

        Assert.Empty(violations);
    }

    [Fact]
    public void HttpContext_IsNotNamed_InPoliciesAndUpstream()
    {
        var violations = ProxyFiles().Where(file => file.Folder is "Policies" or "Upstream" && HttpContextWord().IsMatch(RepositoryFiles.WithoutComments(file.Text))).Select(file => file.Path);

        Assert.Empty(violations);
    }

    [Fact]
    public void ConfigurationLibrary_KnowsNeitherYarpNorTheProxy()
    {
        var violations =
            from file in RepositoryFiles.CSharp("src/Sidecar.Configuration")
            let text = File.ReadAllText(file)
            where Names(text, "Yarp") || Names(text, "Sidecar.Proxy") || Names(text, "Microsoft.AspNetCore")
            select RepositoryFiles.Relative(file);

        Assert.Empty(violations);
    }

    private static IEnumerable<(string Path, string Folder, string Text)> ProxyFiles() =>
        from file in RepositoryFiles.CSharp("src/Sidecar.Proxy")
        let path = RepositoryFiles.Relative(file)
        let parts = path.Split('/')
        where parts.Length > 3
        select (path, parts[2], File.ReadAllText(file));

    private static IEnumerable<string> NamedFolders(string text) => ProxyNamespace().Matches(RepositoryFiles.WithoutComments(text)).Select(match => match.Groups[1].Value)
        .Concat(RelativeName().Matches(RepositoryFiles.WithoutComments(text)).Select(match => match.Groups[1].Value))
        .Where(Allowed.ContainsKey);

    private static bool Names(string text, string @namespace) =>
        Regex.IsMatch(RepositoryFiles.WithoutComments(text), $@"(?<![\w.]){Regex.Escape(@namespace)}(?=[.;])", RegexOptions.None, TimeSpan.FromSeconds(5));

    // `using Sidecar.Proxy.Errors;` and `Sidecar.Proxy.Errors.ProxyError`, but not `Sidecar.Configuration`.
    [GeneratedRegex(@"Sidecar\.Proxy\.(\w+)")]
    private static partial Regex ProxyNamespace();

    // `Errors.ProxyError` from inside the namespace Sidecar.Proxy, but not a member access such as `result.Errors.Count`.
    [GeneratedRegex(@"(?<![\w.)\]>?!])(AppHealth|Errors|Telemetry|LoadBalancing|Policies|Upstream|Interception|Overload|Rescue|Routing|Forwarding|Admin|Commands|Startup)\.[A-Z]\w+(?=[\w.(<;\s])(?!\s*=>)")]
    private static partial Regex RelativeName();

    [GeneratedRegex(@"\bHttpContext\b")]
    private static partial Regex HttpContextWord();
}
