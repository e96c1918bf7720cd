using System.Net;

namespace Sidecar.Interception.Tests.Topology;

/// <summary>The rules of <c>sidecar-init</c> and a running proxy in one pod.</summary>
internal sealed class PodSidecar : IAsyncDisposable
{
    /// <summary>The user and group whose sockets are not redirected.</summary>
    public const int User = 6102;

    private readonly NetworkNamespace _network;
    private readonly ProxyProcess _process;

    private PodSidecar(NetworkNamespace network, ProxyProcess process)
    {
        _network = network;
        _process = process;
    }

    /// <summary>What the proxy logs.</summary>
    public LogLines Logs => _process.Logs;

    /// <summary>Has it not ended?</summary>
    public bool IsRunning => !_process.ExitCode.IsCompleted;

    /// <summary>Completes with its exit code.</summary>
    public Task<int> ExitCode => _process.ExitCode;

    /// <summary>Of the proxy.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Resident memory now.</summary>
    public long ResidentBytes => ReadStatus("VmRSS:") * 1024;

    /// <summary>Applies the rules, starts the proxy and waits until it listens.</summary>
    /// <param name="user">User and group it runs under; another one than <see cref="User"/> is the mistake some tests make.</param>
    /// <param name="initArguments">Further arguments of <c>sidecar-init apply</c>.</param>
    /// <param name="environment">Further variables of the proxy.</param>
    public static async Task<PodSidecar> StartAsync(NetworkNamespace network, string document, int user = User, string initArguments = "", IReadOnlyDictionary<string, string>? environment = null)
    {
        await network.RunAsync($"{Binaries.Init} apply {initArguments}");
        var file = Workbench.Write("sidecar.yaml", document);
        var command = NamespaceProcess.WithUser(network, user, [Binaries.Proxy, "run", "--config", file]);
        var process = ProxyProcess.Start("/usr/bin/env", command, new Dictionary<string, string>(environment ?? new Dictionary<string, string>()) { ["PATH"] = Command.SearchPath });
        try
        {
            await process.EndPointAsync("outbound");
            await process.EndPointAsync("inbound");
            await process.EndPointAsync("admin");
            return new PodSidecar(network, process);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>The proxy's metrics; read through the admin listener on the pod's loopback.</summary>
    public async Task<PrometheusText> MetricsAsync() => PrometheusText.Parse(await AdminAsync("/metrics"));

    /// <summary>A page of the admin listener; that it answers shows that the proxy lives.</summary>
    public async Task<string> AdminAsync(string target)
    {
        using var client = _network.CreateHttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{IPAddress.Loopback}:{Contract.Ports.Admin}{target}");
        using var response = await Patience.Await(client.SendAsync(request, default), $"the admin listener answers {target}");
        return await Patience.Await(response.Content.ReadAsStringAsync(), $"the admin listener's body of {target}");
    }

    /// <summary>What the kubelet sends after the preStop hook.</summary>
    public void Terminate() => _process.Signal(PosixSignalNumber.Terminate);

    /// <summary>Runs a command of the proxy's executable in the pod, as a hook does.</summary>
    public Task<CommandResult> RunAsync(params string[] arguments) => NamespaceProcess.RunAsync(_network, User, [Binaries.Proxy, .. arguments]);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private long ReadStatus(string name) => File.ReadLines($"/proc/{_process.Id}/status")
        .Where(line => line.StartsWith(name, StringComparison.Ordinal))
        .Select(line => long.Parse(line[name.Length..].Trim().Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture))
        .Single();
}
