using System.Text.Json;
using static Sidecar.Proxy.FunctionalTests.Harness.ProxyRequests;

namespace Sidecar.Proxy.FunctionalTests.Lifecycle;

/// <summary>The commands as an operator meets them: exit code, standard output, standard error.</summary>
public abstract class CommandTests(ProxyKind kind) : ProxySuite(kind)
{
    private static readonly string[] Built = ["run", "validate", "schema", "demo", "drain", "wait", "healthcheck", "version"];
    private static readonly string[] Later = ["stat", "tap", "explain", "override", "report"];

    [ProxyFact]
    public async Task Help_ListsTheBuiltCommandsOnly()
    {
        var result = await RunAsync("--help");

        Assert.Equal(0, result.ExitCode);
        var commands = CommandNames(result.Output);
        Assert.Equal(Built.Order(), commands.Order());
        Assert.DoesNotContain(Later, commands.Contains);
    }

    [ProxyTheory]
    [InlineData("run")]
    [InlineData("validate")]
    [InlineData("schema")]
    [InlineData("demo")]
    [InlineData("drain")]
    [InlineData("wait")]
    [InlineData("healthcheck")]
    [InlineData("version")]
    public async Task Help_OfACommand_DescribesIt(string command)
    {
        var result = await RunAsync(command, "--help");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains(command, result.Output, StringComparison.Ordinal);
    }

    [ProxyTheory]
    [InlineData("stat")]
    [InlineData("tap")]
    [InlineData("explain")]
    [InlineData("override")]
    [InlineData("report")]
    public async Task Command_NotBuiltYet_IsBadUsage(string command) => Assert.Equal(64, (await RunAsync(command)).ExitCode);

    [ProxyFact]
    public async Task Version_NamesTheProduct()
    {
        var result = await RunAsync("version");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("sidecar-proxy", result.Output, StringComparison.Ordinal);
        Assert.Contains(Kind == ProxyKind.Native ? "Native AOT" : "JIT", result.Output, StringComparison.Ordinal);
    }

    [ProxyFact]
    public async Task Schema_IsAJsonSchemaOfEveryTopLevelKey()
    {
        var result = await RunAsync("schema");

        Assert.Equal(0, result.ExitCode);
        using var schema = JsonDocument.Parse(result.Output);
        Assert.Contains("json-schema.org", schema.RootElement.GetProperty("$schema").GetString(), StringComparison.Ordinal);
        Assert.All(
            ["version", "listeners", "limits", "telemetry", "shutdown", "routes", "policies", "clusters"],
            key => Assert.True(schema.RootElement.GetProperty("properties").TryGetProperty(key, out _), key));
    }

    [ProxyFact]
    public async Task Validate_Good_ExitsZero()
    {
        var file = await WriteAsync(TestDocument.To("http://127.0.0.1:9000").ToString());

        var result = await RunAsync("validate", "--config", file);

        Assert.Equal(0, result.ExitCode);
        Assert.NotEmpty(result.Output);
    }

    [ProxyFact]
    public async Task Validate_Suspicious_WarnsAndExitsZero()
    {
        var file = await WriteAsync(TestDocument.To("http://127.0.0.1:9000", "retry: { retryOn: [gateway-error] }, circuitBreaker: {}").ToString());

        var result = await RunAsync("validate", "--config", file);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("warning", result.Error, StringComparison.Ordinal);
        Assert.Contains("perTry", result.Error, StringComparison.Ordinal);
        Assert.Contains("destination", result.Error, StringComparison.Ordinal);
    }

    [ProxyFact]
    public async Task Validate_PrintEffective_PrintsEveryDefaultAndIsAcceptedAgain()
    {
        var file = await WriteAsync(TestDocument.To("http://127.0.0.1:9000", "circuitBreaker: {}").ToString());

        var result = await RunAsync("validate", "--config", file, "--print-effective");
        var again = await RunAsync("validate", "--config", await WriteAsync(result.Output), "--print-effective");

        Assert.Equal(0, result.ExitCode);
        Assert.All(
            ["maxRetries", "consecutiveFailures", "replayBytes", "tunnelIdle", "minPerSecond", "headerTimeout", "maxEjectedRatio"],
            key => Assert.Contains(key, result.Output, StringComparison.Ordinal));
        Assert.Equal((0, result.Output), (again.ExitCode, again.Output));
    }

    [ProxyFact]
    public async Task Healthcheck_OfARunningProxy_ExitsZeroAndOfNone_One()
    {
        using var closed = new ClosedPort();
        var proxy = await StartAsync(TestDocument.To(closed.Address));

        var alive = await RunAsync("healthcheck", "--address", proxy.Admin.ToString());
        var ready = await RunAsync("healthcheck", "--ready", "--address", proxy.Admin.ToString());
        var none = await RunAsync("healthcheck", "--address", $"127.0.0.1:{closed.Port}");

        Assert.Equal((0, 0, 1), (alive.ExitCode, ready.ExitCode, none.ExitCode));
        Assert.NotEmpty(none.Error);
    }

    [ProxyFact]
    public async Task Wait_ForAReadyProxy_ExitsZeroAndForNone_One()
    {
        using var closed = new ClosedPort();
        var proxy = await StartAsync(TestDocument.To(closed.Address));

        var ready = await RunAsync("wait", "--address", proxy.Admin.ToString());
        var none = await RunAsync("wait", "--timeout", "300ms", "--address", $"127.0.0.1:{closed.Port}");

        Assert.Equal((0, 1), (ready.ExitCode, none.ExitCode));
    }

    [ProxyFact]
    public async Task Drain_FollowsToTheEndAndExitsZero()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Root = "shutdown: { grace: 30s, acceptFor: 0s }" });

        var result = await RunAsync("drain", "--address", proxy.Admin.ToString());

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(503, (await RawClient.ExchangeAsync(proxy.Metrics, Request("GET", "/readyz"))).Status);
    }

    [ProxyFact]
    public async Task Drain_OfNoProxy_ExitsOne()
    {
        using var closed = new ClosedPort();

        var result = await RunAsync("drain", "--address", $"127.0.0.1:{closed.Port}");

        Assert.Equal(1, result.ExitCode);
        Assert.NotEmpty(result.Error);
    }

    [ProxyFact]
    public async Task Demo_Once_ShowsThePoliciesAndExitsZero()
    {
        var result = await RunAsync("demo", "--once");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("retr", result.Output, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("open", result.Output, StringComparison.OrdinalIgnoreCase);
    }

    // The indented words under "Commands:".
    private static string[] CommandNames(string help) => help.Split('\n')
        .SkipWhile(line => !line.StartsWith("Commands:", StringComparison.Ordinal)).Skip(1)
        .TakeWhile(line => line.StartsWith("  ", StringComparison.Ordinal))
        .Where(line => line.Length > 2 && line[2] != ' ')
        .Select(line => line.Trim().Split(' ')[0])
        .ToArray();
}

/// <summary>The build on the shared runtime.</summary>
public sealed class CommandManaged() : CommandTests(ProxyKind.Managed);

/// <summary>The binary.</summary>
public sealed class CommandNative() : CommandTests(ProxyKind.Native), INativeSuite;
