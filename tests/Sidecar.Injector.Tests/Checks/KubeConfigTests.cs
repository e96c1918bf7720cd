using System.Text;
using Sidecar.Injector.Certificates;
using Sidecar.Injector.Checks;
using Sidecar.Injector.Tests.Kubernetes;

namespace Sidecar.Injector.Tests.Checks;

public class KubeConfigTests
{
    private static readonly MadeCertificate Authority = CertificateMaker.Authority(TimeProvider.System.GetUtcNow(), CertificateLifetimes.Default);

    [Fact]
    public void Read_CurrentContextWithToken_GivesServerTokenAndAuthority()
    {
        var endpoint = KubeConfig.Read(Text("token: secret"), "/", context: null, out var problem);

        Assert.Equal("", problem);
        Assert.Equal(new Uri("https://api.example:6443"), endpoint!.Server);
        Assert.Equal("secret", endpoint.ReadToken());
        Assert.Equal(Authority.Certificate.Fingerprint, Assert.Single(endpoint.ReadAuthorities()!).GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256), ignoreCase: true);
        Assert.False(endpoint.IsInsecure);
    }

    [Fact]
    public void Read_ClientCertificateAsDataAndAsFiles_HasItsKey()
    {
        using var certificate = new TemporaryFile(Authority.Certificate.Pem);
        using var key = new TemporaryFile(Authority.KeyPem);

        var data = KubeConfig.Read(Text($"client-certificate-data: {Base64(Authority.Certificate.Pem)}, client-key-data: {Base64(Authority.KeyPem)}"), "/", null, out _);
        var files = KubeConfig.Read(Text($"client-certificate: {Path.GetFileName(certificate.Path)}, client-key: {Path.GetFileName(key.Path)}"), Path.GetDirectoryName(certificate.Path)!, null, out _);

        Assert.True(data!.ClientCertificate!.HasPrivateKey);
        Assert.True(files!.ClientCertificate!.HasPrivateKey);
    }

    [Fact]
    public void Read_OtherContext_IsTaken() =>
        Assert.Equal(new Uri("https://other.example"), KubeConfig.Read(Text("token: x"), "/", "other", out _)!.Server);

    [Fact]
    public void Read_Json_IsYaml() => Assert.NotNull(KubeConfig.Read(
        """{"current-context":"a","contexts":[{"name":"a","context":{"cluster":"a","user":"a"}}],"clusters":[{"name":"a","cluster":{"server":"https://x","insecure-skip-tls-verify":true}}],"users":[{"name":"a","user":{"token":"t"}}]}""",
        "/",
        null,
        out _));

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("[1]")]
    [InlineData("a: [")]
    [InlineData("current-context: missing")]
    [InlineData("{ current-context: a, contexts: [{ name: a, context: { cluster: none } }] }")]
    [InlineData("{ current-context: a, contexts: [{ name: a, context: { cluster: a } }], clusters: [{ name: a, cluster: { server: 'no address' } }] }")]
    [InlineData("{ current-context: a, contexts: [{ name: a, context: { cluster: a } }], clusters: [{ name: a, cluster: { server: 'https://x', certificate-authority-data: '***' } }] }")]
    [InlineData("{ current-context: a, contexts: [{ name: a, context: { cluster: a } }], clusters: [{ name: a, cluster: { server: 'https://x', certificate-authority: /does/not/exist } }] }")]
    public void Read_Unusable_SaysWhy(string text)
    {
        Assert.Null(KubeConfig.Read(text, "/", null, out var problem));
        Assert.NotEqual("", problem);
    }

    [Theory]
    [InlineData("exec: { command: aws }")]
    [InlineData("auth-provider: { name: gcp }")]
    public void Read_ForeignSignIn_SaysWhatToDo(string user)
    {
        Assert.Null(KubeConfig.Read(Text(user), "/", null, out var problem));
        Assert.Contains("use a token", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Endpoint_InAPod_IsTheServiceAccounts()
    {
        var variables = new Dictionary<string, string> { ["KUBERNETES_SERVICE_HOST"] = "fd00::1", ["KUBERNETES_SERVICE_PORT"] = "443" };

        var endpoint = CheckCommand.Endpoint(null, null, variables.GetValueOrDefault, out _);

        Assert.Equal(new Uri("https://[fd00::1]:443"), endpoint!.Server);
        Assert.NotNull(endpoint.TokenFile);
    }

    [Fact]
    public void Endpoint_NoFile_SaysHowToGiveOne()
    {
        Assert.Null(CheckCommand.Endpoint("/does/not/exist", null, static _ => null, out var problem));
        Assert.Contains("--kubeconfig", problem, StringComparison.Ordinal);
    }

    private static string Text(string user) => $$"""
        apiVersion: v1
        kind: Config
        current-context: here
        contexts:
        - { name: other, context: { cluster: other, user: me } }
        - { name: here, context: { cluster: here, user: me } }
        clusters:
        - { name: here, cluster: { server: "https://api.example:6443", certificate-authority-data: {{Base64(Authority.Certificate.Pem)}} } }
        - { name: other, cluster: { server: "https://other.example" } }
        users:
        - { name: me, user: { {{user}} } }
        """;

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
