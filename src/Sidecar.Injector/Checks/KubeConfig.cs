using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sidecar.Injector.Kubernetes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sidecar.Injector.Checks;

/// <summary>
/// The current context of a kubeconfig file, as far as it goes without running other programs: token, client certificate,
/// authorities.
/// </summary>
internal static class KubeConfig
{
    private static readonly string[] Foreign = ["exec", "auth-provider", "username"];

    /// <summary>Reads a text.</summary>
    /// <param name="text">YAML or JSON.</param>
    /// <param name="directory">Where files that it names relatively are.</param>
    /// <param name="context">Which context; null: the current one.</param>
    /// <param name="problem">Why it cannot be used.</param>
    public static ApiEndpoint? Read(string text, string directory, string? context, out string problem)
    {
        problem = "";
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            var root = stream.Documents.Count > 0 ? stream.Documents[0].RootNode as YamlMappingNode : null;
            var name = context ?? Text(root, "current-context");
            var chosen = Named(root, "contexts", name, "context") ?? throw new FormatException($"there is no context '{name}'");
            var cluster = Named(root, "clusters", Text(chosen, "cluster"), "cluster") ?? throw new FormatException($"there is no cluster '{Text(chosen, "cluster")}'");
            var user = Named(root, "users", Text(chosen, "user"), "user");
            return Endpoint(cluster, user, directory);
        }
        catch (Exception exception) when (exception is YamlException or FormatException or CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            problem = exception.Message;
            return null;
        }
    }

    private static ApiEndpoint Endpoint(YamlMappingNode cluster, YamlMappingNode? user, string directory)
    {
        if (!Uri.TryCreate(Text(cluster, "server"), UriKind.Absolute, out var server) || server.Scheme is not ("https" or "http"))
        {
            throw new FormatException($"'{Text(cluster, "server")}' is no server address");
        }

        if (Foreign.FirstOrDefault(key => Member(user, key) is not null) is { } foreign)
        {
            throw new FormatException($"the user signs in by '{foreign}', which is not supported: use a token (kubectl create token …) or a client certificate");
        }

        var tokenFile = Text(user, "tokenFile");
        return new ApiEndpoint(server)
        {
            Token = Text(user, "token"),
            TokenFile = tokenFile is null ? null : Path.Combine(directory, tokenFile),
            Authorities = Data(cluster, "certificate-authority", directory) is { } authorities ? Bundle(authorities) : null,
            IsInsecure = Text(cluster, "insecure-skip-tls-verify") == "true",
            ClientCertificate = Data(user, "client-certificate", directory) is { } certificate && Data(user, "client-key", directory) is { } key
                ? X509Certificate2.CreateFromPem(certificate, key)
                : null,
            UsesProxy = true,
        };
    }

    private static X509Certificate2Collection Bundle(string pem)
    {
        var bundle = new X509Certificate2Collection();
        bundle.ImportFromPem(pem);
        return bundle;
    }

    // What is written into the file wins over what it points to, as with kubectl.
    private static string? Data(YamlMappingNode? node, string name, string directory) =>
        Text(node, $"{name}-data") is { Length: > 0 } base64
            ? Encoding.UTF8.GetString(Convert.FromBase64String(base64))
            : Text(node, name) is { Length: > 0 } file ? File.ReadAllText(Path.Combine(directory, file)) : null;

    private static YamlMappingNode? Named(YamlMappingNode? root, string list, string? name, string member) =>
        (Member(root, list) as YamlSequenceNode)?.Children.OfType<YamlMappingNode>()
            .Where(item => Text(item, "name") == name)
            .Select(item => Member(item, member) as YamlMappingNode)
            .FirstOrDefault();

    private static string? Text(YamlMappingNode? node, string name) => (Member(node, name) as YamlScalarNode)?.Value;

    private static YamlNode? Member(YamlMappingNode? node, string name) =>
        node is not null && node.Children.TryGetValue(new YamlScalarNode(name), out var value) ? value : null;
}
