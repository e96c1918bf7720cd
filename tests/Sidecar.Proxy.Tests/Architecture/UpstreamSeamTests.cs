using System.Text.RegularExpressions;

namespace Sidecar.Proxy.Tests.Architecture;

/// <summary>
/// The seam behind which another HTTP/1.1 transport can take the place of the platform's client
/// (src/decisions/0013-own-http1-transport.md): one file builds that client, and the bridge names only what is listed here.
/// </summary>
public sealed partial class UpstreamSeamTests
{
    // What Forwarding names of Upstream to carry a request. The cluster itself comes with the route.
    private static readonly string[] CrossesForRequests = ["IConnectionUse", "NoBodyContent", "UpstreamCall", "UpstreamFailure", "UpstreamMessage", "UpstreamResult"];

    // Opaque connections dial by themselves.
    private static readonly string[] CrossesForOpaqueConnections = ["SocketErrors", "UpstreamDialer", "UpstreamSocket"];

    [Fact]
    public void PlatformsClient_ForTraffic_IsBuiltInOneFile()
    {
        var files = Sources("Upstream").Concat(Sources("Forwarding")).Concat(Sources("Routing")).Concat(Sources("Startup"))
            .Where(file => file.Text.Contains("new SocketsHttpHandler", StringComparison.Ordinal))
            .Select(file => file.Path);

        Assert.Equal(["src/Sidecar.Proxy/Upstream/UpstreamTransport.cs"], files);
    }

    [Fact]
    public void Forwarding_NamesOfUpstream_OnlyWhatCrossesTheSeam()
    {
        var types = Sources("Upstream").SelectMany(file => TypeDeclaration().Matches(file.Text)).Select(match => match.Groups[1].Value).ToHashSet();

        var named = Sources("Forwarding").SelectMany(file => Word().Matches(file.Text)).Select(match => match.Value).Where(types.Contains).Distinct().Order(StringComparer.Ordinal);

        Assert.Equal([.. CrossesForRequests.Concat(CrossesForOpaqueConnections).Order(StringComparer.Ordinal)], named);
    }

    private static IEnumerable<(string Path, string Text)> Sources(string folder) =>
        from file in RepositoryFiles.CSharp($"src/Sidecar.Proxy/{folder}")
        select (RepositoryFiles.Relative(file), RepositoryFiles.WithoutComments(File.ReadAllText(file)));

    [GeneratedRegex(@"\b(?:class|interface|struct|enum|record) (?!struct|class)([A-Z]\w+)")]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"\b[A-Z]\w+\b")]
    private static partial Regex Word();
}
