using System.Net;
using System.Text.Json;
using static Sidecar.Proxy.FunctionalTests.Harness.ProxyRequests;

namespace Sidecar.Proxy.FunctionalTests.Lifecycle;

/// <summary>
/// The command line of a pod beside ConfigMap volumes as the kubelet writes them: optional ones that are missing, that appear,
/// change and go, and a container that is restarted. Always as a process.
/// </summary>
public abstract class ConfigMapTests(ProxyKind kind) : ProxySuite(kind)
{
    [ProxyFact]
    public async Task ConfigMaps_Missing_AreNoRoutesAndAConditionUntilTheyAppear()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok("routed")));
        var (platform, policies) = (NewVolume(), NewVolume());
        var proxy = await StartAsync(platform, policies);

        var ready = await ReadyAsync(proxy);
        Assert.Equal("ready", ready.Text("status"));
        Assert.Equal([Missing(platform), Missing(policies)], Strings(ready, "conditions"));
        Assert.Empty(Strings(ready, "degraded"));
        Assert.Equal(["NR"], (await proxy.GetAsync()).Flags);

        // The namespace's own ConfigMap alone, then the platform's below it.
        policies.Publish(Routes(upstream.Address));
        await Patience.Eventually(async () => (await proxy.GetAsync()).BodyText == "routed", "the routes of the second file serve");
        Assert.Equal([Missing(platform)], Strings(await ReadyAsync(proxy), "conditions"));
        platform.Publish("version: 1\ntelemetry: { logLevel: debug }\nroutes: { app: { match: { path: \"/elsewhere\" }, cluster: app } }\n");
        await Patience.Eventually(async () => Strings(await ReadyAsync(proxy), "conditions").Length == 0, "both files are there");
        Assert.Equal("routed", (await proxy.GetAsync()).BodyText);

        // And away again: what the kubelet does when an optional ConfigMap is deleted.
        policies.Withdraw();
        platform.Withdraw();
        await Patience.Eventually(async () => (await proxy.GetAsync()).Flags is ["NR"], "there are no routes any more");
    }

    [ProxyTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SecondConfigMap_WithKeysOfTheFirst_IsRefusedWhetherOrNotTheFirstExists(bool isFirstThere)
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok("routed")));
        var (platform, policies) = (NewVolume(), NewVolume());
        if (isFirstThere)
        {
            platform.Publish("version: 1\n");
        }

        policies.Publish(Routes(upstream.Address));
        var proxy = await StartAsync(platform, policies);
        Assert.Equal("routed", (await proxy.GetAsync()).BodyText);

        policies.Publish(Routes(upstream.Address) + "telemetry: { logLevel: debug }\n");

        var rejected = await proxy.Logs.WaitForEventAsync("config-rejected");
        Assert.Contains("'telemetry' may stand in the first file only", rejected.Text("message"), StringComparison.Ordinal);
        Assert.Contains(platform.File, rejected.Text("message"), StringComparison.Ordinal);
        Assert.Equal("routed", (await proxy.GetAsync()).BodyText);
    }

    [ProxyFact]
    public async Task Restart_BesideAnInvalidDocument_StartsOnTheLastGoodOneAndSaysSo()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok("routed")));
        var (platform, policies) = (NewVolume(), NewVolume());
        policies.Publish(Routes(upstream.Address));
        var state = TemporaryDirectory();
        var before = await StartAsync(platform, policies, "--state-dir", state);
        Assert.Equal("routed", (await before.GetAsync()).BodyText);
        policies.Publish("version: 1\nroutes: { app: { match: {}, cluster: nowhere } }\n");
        await before.Logs.WaitForEventAsync("config-rejected");
        before.Signal(TestSignal.Interrupt);
        Assert.Equal(0, await Patience.Await(before.ExitCode, "the first container ends"));

        var after = await StartAsync(platform, policies, "--state-dir", state);

        Assert.Equal("routed", (await after.GetAsync()).BodyText);
        var ready = await ReadyAsync(after);
        Assert.Equal(("ready", "last-good"), (ready.Text("status"), ready.GetProperty("configuration").Text("origin")));
        Assert.Contains("nowhere", Strings(ready, "degraded")[0], StringComparison.Ordinal);
        Assert.Contains(after.Logs.Lines, line => line.Event() == "config-fallback");
        Assert.Equal(1, (await after.MetricsAsync()).Sum("sidecar_config_rejected"));

        // Mended: back to what is written, without a restart.
        policies.Publish(Routes(upstream.Address).Replace("/{**rest}", "/mended", StringComparison.Ordinal));
        await Patience.Eventually(async () => (await ReadyAsync(after)).GetProperty("configuration").Text("origin") == "written", "the mended document is in use");
        Assert.Equal("routed", (await after.GetAsync("/mended")).BodyText);
    }

    [ProxyFact]
    public async Task Start_InvalidAndNothingKept_IsTheDefaultsWithWhatTheCommandLineSays()
    {
        var (platform, policies) = (NewVolume(), NewVolume());
        policies.Publish("version: 1\nroutes: nonsense\n");

        var proxy = await StartAsync(platform, policies, "--state-dir", TemporaryDirectory());

        var ready = await ReadyAsync(proxy);
        Assert.Equal(("ready", "defaults"), (ready.Text("status"), ready.GetProperty("configuration").Text("origin")));
        var config = await proxy.AdminJsonAsync("/config");
        Assert.Equal("25s", config.GetProperty("shutdown").Text("grace"));
        Assert.Equal("debug", config.GetProperty("telemetry").Text("logLevel"));
        Assert.Equal([25, 3306], config.GetProperty("interception").GetProperty("opaquePorts").EnumerateArray().Select(port => port.GetInt32()));
    }

    [ProxyFact]
    public async Task Validate_Pod_JudgesAsThePodDoes()
    {
        // One listener would decide the direction of a route; in a pod there are two.
        var file = await WriteAsync("version: 1\nroutes: { app: { match: {}, forwardTo: original } }\n");
        var shared = await WriteAsync("version: 1\nroutes: { app: { direction: outbound, match: {}, forwardTo: original } }\n");

        var refused = await RunAsync("validate", "--pod", "--config-optional", "/nowhere/sidecar.yaml", "--config-optional", file);
        var accepted = await RunAsync(
            ["validate", "--pod", "--config-optional", "/nowhere/sidecar.yaml", "--config-optional", shared, "--print-effective", .. Sets]);

        Assert.Equal(64, refused.ExitCode);
        Assert.Contains("the listeners outbound and inbound are open: write direction", refused.Error, StringComparison.Ordinal);
        Assert.True(accepted.ExitCode == 0, accepted.ToString());
        Assert.Contains(", 0 warnings", accepted.Error, StringComparison.Ordinal);
        Assert.Contains("grace: 25s", accepted.Output, StringComparison.Ordinal);
        Assert.Contains("15101", accepted.Output, StringComparison.Ordinal);
    }

    private static string[] Sets =>
        ["--set", "/shutdown.grace=25s", "--set", "/telemetry.logLevel=debug", "--set", "/interception.opaquePorts=[25,3306]"];

    private static string Routes(string address) => $$"""
        version: 1
        routes: { app: { direction: reverse, match: { path: "/{**rest}" }, cluster: app } }
        clusters: { app: { destinations: { a: { address: "{{address}}" } } } }

        """;

    private static string Missing(ConfigMapVolume volume) => $"--config-optional {volume.File} does not exist: no routes from it";

    private static string[] Strings(JsonElement element, string name) => [.. element.GetProperty(name).EnumerateArray().Select(item => item.GetString()!)];

    private static Task<JsonElement> ReadyAsync(IProxyUnderTest proxy) => proxy.AdminJsonAsync("/readyz?verbose");

    private ConfigMapVolume NewVolume() => new(TemporaryDirectory());

    // What the injector writes, with ports of the kernel's choice; the reverse listener stands for the pod's.
    private async Task<IProxyUnderTest> StartAsync(ConfigMapVolume platform, ConfigMapVolume policies, params string[] arguments) => Own(await PodProxy.StartAsync(
        ProxyExecutable.PathOf(Kind),
        [
            "run", "--config-optional", platform.File, "--config-optional", policies.File, "--on-invalid", "last-good", "--listen", "127.0.0.1:0",
            "--set", "/listeners.admin.address=127.0.0.1:0", "--set", "/listeners.metrics.address=127.0.0.1:0", .. Sets, .. arguments,
        ]));

    /// <summary>A process that was started by a command line of its own.</summary>
    private sealed class PodProxy(ProxyProcess process) : IProxyUnderTest
    {
        public required IPEndPoint Reverse { get; init; }

        public required IPEndPoint Admin { get; init; }

        public required IPEndPoint Metrics { get; init; }

        public LogLines Logs => process.Logs;

        public string ConfigurationFile => throw new InvalidOperationException("It has two.");

        public Task<int> ExitCode => process.ExitCode;

        public static async Task<IProxyUnderTest> StartAsync(string executable, string[] arguments)
        {
            var process = ProxyProcess.Start(executable, arguments);
            try
            {
                return new PodProxy(process)
                {
                    Reverse = await process.EndPointAsync("reverse"),
                    Admin = await process.EndPointAsync("admin"),
                    Metrics = await process.EndPointAsync("metrics"),
                };
            }
            catch
            {
                await process.DisposeAsync();
                throw;
            }
        }

        public void Signal(TestSignal signal) => process.Signal(signal == TestSignal.Interrupt ? PosixSignalNumber.Interrupt : PosixSignalNumber.Terminate);

        public ValueTask DisposeAsync() => process.DisposeAsync();
    }

    /// <summary>An optional ConfigMap's volume: the directory and <c>..data</c> are there before the ConfigMap is.</summary>
    private sealed class ConfigMapVolume
    {
        private readonly string _directory;
        private int _version;

        public ConfigMapVolume(string directory)
        {
            _directory = directory;
            Swap(text: null);
        }

        public string File => Path.Combine(_directory, "sidecar.yaml");

        public void Publish(string text)
        {
            Swap(text);
            if (!new FileInfo(File).Exists && new FileInfo(File).LinkTarget is null)
            {
                System.IO.File.CreateSymbolicLink(File, Path.Combine("..data", "sidecar.yaml"));
            }
        }

        public void Withdraw()
        {
            Swap(text: null);
            System.IO.File.Delete(File);
        }

        // AtomicWriter of the kubelet: a new directory, then one rename of the link to it.
        private void Swap(string? text)
        {
            var version = $"..v{++_version}";
            Directory.CreateDirectory(Path.Combine(_directory, version));
            if (text is not null)
            {
                System.IO.File.WriteAllText(Path.Combine(_directory, version, "sidecar.yaml"), text);
            }

            var link = Path.Combine(_directory, "..data_tmp");
            Directory.CreateSymbolicLink(link, version);
            Assert.Equal(0, PosixRename.Rename(link, Path.Combine(_directory, "..data")));
        }
    }
}

/// <summary>This build as a process.</summary>
public sealed class ConfigMapManaged() : ConfigMapTests(ProxyKind.Managed);

/// <summary>Against the binary.</summary>
public sealed class ConfigMapNative() : ConfigMapTests(ProxyKind.Native), INativeSuite;
