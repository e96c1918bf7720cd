namespace Sidecar.Cluster.Tests.Topology;

/// <summary>
/// etcd, API server and controller manager in namespaces of their own, without a node: pods are admitted and stored, never
/// run. The chart is installed by Helm; in place of its Deployment stands one injector, started here, with the rights of the
/// chart's ServiceAccount.
/// </summary>
public sealed class ApiServer : IAsyncLifetime
{
    /// <summary>The release's namespace.</summary>
    public const string Own = "sidecar-system";

    /// <summary>A namespace with the label.</summary>
    public const string Labelled = "labelled";

    private const string Address = "10.250.0.1";
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"sidecar-api-{Environment.ProcessId}");
    private ProxyProcess? _injector;

    private string PidFile => Path.Combine(_folder, "injector.pid");

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        if (new ApiServerFactAttribute().Skip is not null)
        {
            return;
        }

        // Whatever happens to this process, the server ends within ten minutes.
        await using (var start = ProxyProcess.Start(
            Repository.ClusterScript, ["up", _folder, "api"], new Dictionary<string, string> { ["LIFETIME"] = "600" }))
        {
            var exitCode = await start.ExitCode.WaitAsync(StartLimit);
            Assert.True(exitCode == 0, $"the API server did not start: {start.Errors.Text}");
        }

        await KubectlAsync("create", "namespace", Own);
        await KubectlAsync("create", "namespace", Labelled);
        await KubectlAsync("label", "namespace", Labelled, "sidecarproxy.io/inject=enabled");
        await MustAsync([Repository.Helm, "install", "sidecar", Repository.Chart, "--namespace", Own]);
        await StandInForTheDeploymentAsync();
        await StartInjectorAsync();
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        await StopInjectorAsync();
        if (Directory.Exists(_folder))
        {
            await ProxyProcess.RunAsync(Repository.ClusterScript, ["down", _folder]);
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>Sets the failure policy of both pod webhooks.</summary>
    public Task SetFailurePolicyAsync(string policy) =>
        KubectlAsync("patch", "mutatingwebhookconfiguration", "sidecar-injector", "--type=json", "--patch", $$"""
            [{"op":"replace","path":"/webhooks/0/failurePolicy","value":"{{policy}}"},{"op":"replace","path":"/webhooks/1/failurePolicy","value":"{{policy}}"}]
            """);

    /// <summary>Starts the injector and waits until the API server calls it.</summary>
    public async Task StartInjectorAsync()
    {
        _injector = ProxyProcess.Start(Repository.ClusterScript, [
            // Its number inside is needed for its end: a signal to the program that enters the namespaces ends only that.
            "in", _folder, "bash", "-c", """echo $$ >"$1" && shift && exec "$@" """, "_", PidFile, Repository.Injector, "serve",
            "--settings", Path.Combine(_folder, "settings.yaml"),
            "--listen", $"{Address}:8443", "--listen-plain", $"{Address}:8080",
            "--namespace", Own, "--service", "sidecar-injector", "--webhook-configuration", "sidecar-injector",
            "--certificates", "self", "--certificate-secret", "sidecar-injector-certificate",
            "--kubernetes", $"https://{Address}:6443",
            "--kubernetes-token", Path.Combine(_folder, "injector-token"),
            "--kubernetes-ca", Path.Combine(_folder, "ca.crt")]);
        await Patience.Eventually(
            async () => !_injector.ExitCode.IsCompleted
                ? (await TryAsync(["curl", "-fsS", $"http://{Address}:8080/readyz"])).ExitCode == 0
                : throw new InvalidOperationException($"the injector ended: {_injector.Errors.Text}{string.Join('\n', _injector.Logs.Text)}"),
            "the injector is ready");

        // The API server reads the configurations by watch; a moment later than they are written.
        await Patience.Eventually(async () => (await DryRunAsync(Labelled, Pods.Plain("probe"))).Has("sidecar-proxy"), "the API server calls the injector");
    }

    /// <summary>Ends the injector; the webhooks stay.</summary>
    public async Task StopInjectorAsync()
    {
        if (_injector is not null)
        {
            await TryAsync(["kill", "-TERM", (await File.ReadAllTextAsync(PidFile)).Trim()]);
            await Patience.Await(_injector.ExitCode, "the injector ends");
            await _injector.DisposeAsync();
            _injector = null;
        }
    }

    /// <summary>What the injector's metrics are.</summary>
    public async Task<string> MetricsAsync() => (await MustAsync(["curl", "-fsS", $"http://{Address}:8080/metrics"])).Output;

    /// <summary>Runs kubectl to its successful end.</summary>
    public async Task<string> KubectlAsync(params string[] arguments) => (await MustAsync(["kubectl", .. arguments])).Output;

    /// <summary>What the server would make of an object.</summary>
    public Task<Admitted> DryRunAsync(string space, string yaml) => CreateAsync(space, yaml, "--dry-run=server");

    /// <summary>Creates an object.</summary>
    public async Task<Admitted> CreateAsync(string space, string yaml, params string[] arguments)
    {
        var file = Path.Combine(_folder, $"object-{Guid.NewGuid():n}.yaml");
        await File.WriteAllTextAsync(file, yaml);
        return Admitted.From(await TryAsync(["kubectl", "--namespace", space, "create", "--filename", file, "--output", "json", .. arguments]));
    }

    // A Service without selector and its one address: what a Deployment's ready pod would give.
    private async Task StandInForTheDeploymentAsync()
    {
        await KubectlAsync("--namespace", Own, "delete", "deployment", "sidecar-injector");
        await KubectlAsync("--namespace", Own, "patch", "service", "sidecar-injector", "--type=json", "--patch", """[{"op":"remove","path":"/spec/selector"}]""");
        var ports = await KubectlAsync("--namespace", Own, "get", "service", "sidecar-injector", "--output", "jsonpath={.spec.ports[?(@.port==443)].name}");
        var file = Path.Combine(_folder, "endpoints.yaml");
        await File.WriteAllTextAsync(file, $$"""
            apiVersion: v1
            kind: Endpoints
            metadata: { name: sidecar-injector, namespace: {{Own}} }
            subsets: [{ addresses: [{ ip: {{Address}} }], ports: [{ name: "{{ports}}", port: 8443 }] }]
            """);
        await KubectlAsync("apply", "--filename", file);

        var settings = await KubectlAsync("--namespace", Own, "get", "configmap", "sidecar-injector-settings", "--output", "jsonpath={.data.settings\\.yaml}");
        await File.WriteAllTextAsync(Path.Combine(_folder, "settings.yaml"), settings);
        var token = "";
        await Patience.Eventually(
            async () =>
            {
                var secret = await KubectlAsync("--namespace", Own, "get", "serviceaccount", "sidecar-injector", "--output", "jsonpath={.secrets[0].name}");
                token = secret.Length == 0 ? "" : await KubectlAsync("--namespace", Own, "get", "secret", secret, "--output", "go-template={{.data.token | base64decode}}");
                return token.Length > 0;
            },
            "the service account has a token");
        await File.WriteAllTextAsync(Path.Combine(_folder, "injector-token"), token);
    }

    private Task<CommandResult> TryAsync(IReadOnlyList<string> command) => ProxyProcess.RunAsync(Repository.ClusterScript, ["in", _folder, .. command]);

    private async Task<CommandResult> MustAsync(IReadOnlyList<string> command)
    {
        var result = await TryAsync(command);
        return result.ExitCode == 0 ? result : throw new InvalidOperationException($"{string.Join(' ', command)}: {result}");
    }
}
