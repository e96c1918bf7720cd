using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Sidecar.Injector.Commands;
using Sidecar.Injector.Injection;
using Sidecar.Injector.Serving;
using Sidecar.Injector.Tests.Serving;
using Sidecar.TestKit.Network;

namespace Sidecar.Injector.Tests.Commands;

public sealed class CommandLineTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sidecar-injector-");

    public static TheoryData<string> Cases => GoldenCases.Names;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task InjectThenUninject_Manifest_IsTheManifest(string name)
    {
        string[] options = [.. GoldenCases.SettingsPath(name) is { } settings ? (string[])["--settings", settings] : [], .. GoldenCases.Native(name) is { } native ? (string[])["--native", native] : []];
        var injected = await InjectorUnderTest.RunAsync(["inject", "-f", Write(GoldenCases.Input(name)), .. options]);
        Assert.True(injected.ExitCode == 0, injected.ToString());

        var restored = await InjectorUnderTest.RunAsync("uninject", "-f", Write(injected.Output));

        Assert.True(restored.ExitCode == 0, restored.ToString());
        Assert.True(name == "hostile-status-copied" || restored.Output == GoldenCases.Input(name), restored.ToString());
        var outcome = GoldenCases.Inject(name);
        Assert.Contains(outcome.Skipped is null ? ": injected (" : $"not injected ({outcome.Reason})", injected.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_Layers_SaysWhereEachSettingComesFrom()
    {
        var result = await InjectorUnderTest.RunAsync("explain", "-f", Write(GoldenCases.Input("layers")), "--settings", GoldenCases.SettingsPath("layers")!, "--native", "never");

        Assert.True(result.ExitCode == 0, result.ToString());
        GoldenCases.Verify("layers", "explain.txt", result.Output);
    }

    [Fact]
    public async Task Explain_SimulatedNamespace_IsObeyed()
    {
        var file = Write(GoldenCases.Input("kind-pod"));

        Assert.Contains("pod-security", (await InjectorUnderTest.RunAsync("explain", "-f", file, "--namespace-label", "pod-security.kubernetes.io/enforce=baseline")).Output, StringComparison.Ordinal);
        Assert.Contains("opted-out", (await InjectorUnderTest.RunAsync("explain", "-f", file, "--namespace-label", "sidecarproxy.io/inject=disabled")).Output, StringComparison.Ordinal);
        Assert.Contains("namespace annotation", (await InjectorUnderTest.RunAsync("explain", "-f", file, "--namespace-annotation", "sidecarproxy.io/log-level=warn")).Output, StringComparison.Ordinal);
        Assert.Contains("kube-system", (await InjectorUnderTest.RunAsync("explain", "-f", file, "-n", "kube-system")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inject_StandardInput_IsRead()
    {
        var result = await InjectorUnderTest.RunInProcessAsync(GoldenCases.Input("kind-pod"), "inject", "-f", "-");

        Assert.Contains("name: sidecar-proxy", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("inject")]
    [InlineData("inject", "-f", "/nowhere/at/all")]
    [InlineData("inject", "-f", "@x", "--native", "perhaps")]
    [InlineData("uninject", "--settings", "x")]
    [InlineData("serve", "--listen", "nowhere")]
    [InlineData("serve", "--certificates", "magic")]
    [InlineData("serve", "--certificates", "files")]
    [InlineData("serve", "--settings", "/nowhere/at/all")]
    [InlineData("serve", "--namespace", "A b")]
    [InlineData("serve", "--shutdown-delay", "-1")]
    [InlineData("serve", "--ca-bundle", "never")]
    [InlineData("nonsense")]
    public async Task BadUsage_Is64WithAReasonAndNoOutput(params string[] arguments)
    {
        var result = await InjectorUnderTest.RunAsync(arguments);

        Assert.Equal(64, result.ExitCode);
        Assert.NotEqual("", result.Error);
        Assert.True(arguments[0] == "nonsense" || result.Output.Length == 0 || result.Output.Contains("Usage", StringComparison.Ordinal), result.ToString());
    }

    [Fact]
    public async Task Inject_OneBadDocument_WritesNothing()
    {
        var result = await InjectorUnderTest.RunAsync("inject", "-f", Write(GoldenCases.Input("kind-pod") + "---\na: [1\n"));

        Assert.Equal(64, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Contains("line ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_EveryCommand_HasExamples()
    {
        foreach (var command in (string[])["serve", "inject", "uninject", "explain", "version"])
        {
            var result = await InjectorUnderTest.RunAsync(command, "--help");
            Assert.Equal(0, result.ExitCode);
            Assert.Contains($"sidecar-injector {command}", result.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Version_PrintsWhatRuns() => Assert.Contains("version    0.1.0", (await InjectorUnderTest.RunAsync("version")).Output, StringComparison.Ordinal);

    [Fact]
    public async Task Serve_WithFiles_AnswersAReviewAndEndsOnTheSignal()
    {
        using var certificate = TestServer.MakeCertificate();
        File.WriteAllText(Path.Combine(_folder.FullName, "tls.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder.FullName, "tls.key"), System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions.GetECDsaPrivateKey(certificate)!.ExportPkcs8PrivateKeyPem());
        string[] arguments =
        [
            "serve", "--kubernetes", "none", "--certificates", "files", "--certificate-dir", _folder.FullName, "--listen", "127.0.0.1:0", "--listen-plain", "127.0.0.1:0", "--shutdown-delay", "0",
        ];
        if (InjectorUnderTest.Binary is { } binary)
        {
            await using var process = ProxyProcess.Start(binary, arguments);
            await AskAsync((await process.EndPointAsync("https")).Port, (await process.EndPointAsync("plain")).Port);
            process.Signal(PosixSignalNumber.Terminate);
            Assert.Equal(0, await Patience.Await(process.ExitCode, "the process ends"));
            return;
        }

        var started = new TaskCompletionSource<InjectorServer>();
        Action? signal = null;
        using var raw = new MemoryStream();
        var environment = InjectorUnderTest.Surroundings(raw, TextWriter.Null, TextWriter.Null, started: started.SetResult, signals: receive =>
        {
            signal = receive;
            return new MemoryStream();
        });
        var running = InjectorCommandLine.RunAsync(arguments, environment);
        var server = await Patience.Await(started.Task, "serve listens");
        await AskAsync(server.Secure!.Port, server.Plain!.Port);
        signal!();
        Assert.Equal(0, await Patience.Await(running, "serve ends"));
        Assert.Contains("\"event\":\"stopped\"", Encoding.UTF8.GetString(raw.ToArray()), StringComparison.Ordinal);
    }

    private static async Task AskAsync(int secure, int plain)
    {
        using var client = TestServer.Client();
        using var content = new StringContent("""
            {"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","kind":{"group":"","version":"v1","kind":"Pod"},"namespace":"shop","operation":"CREATE",
             "object":{"metadata":{"generateName":"web-","labels":{"sidecarproxy.io/inject":"enabled"}},"spec":{"containers":[{"name":"web","image":"web:1"}]}}}}
            """, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var response = await client.PostAsync(new Uri($"https://localhost:{secure}/inject"), content);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["response"]!;
        Assert.NotNull(PodView.Text(answer["patch"]));
        Assert.Equal("ok\n", await client.GetStringAsync(new Uri($"http://localhost:{plain}/readyz")));
        Assert.Contains("sidecar_injector_decisions_total{decision=\"injected\",reason=\"none\"} 1\n", await client.GetStringAsync(new Uri($"http://localhost:{plain}/metrics")), StringComparison.Ordinal);
    }

    private string Write(string text)
    {
        var path = Path.Combine(_folder.FullName, Path.GetRandomFileName());
        File.WriteAllText(path, text);
        return path;
    }
}
