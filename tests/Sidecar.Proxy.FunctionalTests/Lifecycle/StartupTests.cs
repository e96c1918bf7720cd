using System.Text.RegularExpressions;

namespace Sidecar.Proxy.FunctionalTests.Lifecycle;

/// <summary>Starting: on bad configurations, on the last good one, without a file. Always as a process.</summary>
public abstract partial class StartupTests(ProxyKind kind) : ProxySuite(kind)
{
    private const string FourMistakes = """
        version: 1
        listeners: { reverse: { address: "127.0.0.1:0" } }
        routes:
          app:
            match: { path: "/{**rest}" }
            cluster: nowhere
            policy:
              retry: { maxRetries: many }
              timeouts: { request: soon }
              circuitBraker: {}
        clusters:
          app: { destinations: { a: { address: "http://127.0.0.1:1" } } }
        """;

    [ProxyFact]
    public async Task Run_InvalidFile_PrintsEveryErrorWithItsPlaceAndExits64()
    {
        var file = await WriteAsync(FourMistakes);

        var result = await RunAsync("run", "--config", file);

        Assert.Equal(64, result.ExitCode);
        Assert.Empty(result.Output);
        AssertPlaces(result.Error, file);
    }

    [ProxyFact]
    public async Task Validate_InvalidFile_PrintsEveryErrorWithItsPlaceAndExits64()
    {
        var file = await WriteAsync(FourMistakes);

        var result = await RunAsync("validate", "--config", file);

        Assert.Equal(64, result.ExitCode);
        AssertPlaces(result.Error, file);
    }

    [ProxyTheory]
    [InlineData("run", "--config", "/nowhere/sidecar.yaml")]
    [InlineData("validate", "--config", "/nowhere/sidecar.yaml")]
    [InlineData("run")]
    [InlineData("run", "--upstream", "http://127.0.0.1:1")]
    [InlineData("run", "--on-invalid", "maybe", "--config", "x")]
    [InlineData("run", "--listen", "nonsense", "--upstream", "http://127.0.0.1:1")]
    [InlineData("run", "--listen", "127.0.0.1:0", "--upstream", "ftp://127.0.0.1:1")]
    [InlineData("run", "--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:1", "--set", "retry.maxRetries=many")]
    [InlineData("run", "--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:1", "--set", "retry.noSuchKey=1")]
    [InlineData("no-such-command")]
    [InlineData("run", "--no-such-option")]
    [InlineData("validate")]
    [InlineData("healthcheck", "--address", "//")]
    public async Task BadUsage_Exits64WithAnExplanation(params string[] arguments)
    {
        var result = await RunAsync(arguments);

        Assert.True(result.ExitCode == 64, result.ToString());
        Assert.NotEmpty(result.Error);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [ProxyTheory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("\t")]
    [InlineData("version: 2")]
    [InlineData("version: 1\nversion: 1")]
    [InlineData("version: 1\noverrides: {}")]
    [InlineData("version: 1\nroutes: []")]
    [InlineData("&a [*a]")]
    [InlineData("\u0000")]
    public async Task Run_NoDocument_Exits64WithoutAStackTrace(string document)
    {
        var file = await WriteAsync(document);

        var result = await RunAsync("run", "--config", file);

        Assert.True(result.ExitCode == 64, result.ToString());
        Assert.Contains(file, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [ProxyFact]
    public async Task Run_PortTaken_Exits1AndNamesIt()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok()));

        var result = await RunAsync("run", "--listen", upstream.Authority, "--upstream", "http://127.0.0.1:1", "--set", "/listeners.admin=off", "--set", "/listeners.metrics=off");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(upstream.Authority, result.Error + result.Output, StringComparison.Ordinal);
    }

    [ProxyFact]
    public async Task Run_WithoutAFile_ServesByFlags()
    {
        var upstream = Own(ScriptedUpstream.InTurn(() => Answer.Status(503), () => Answer.Ok("by flags")));
        var process = StartCommand(
            "run", "--listen", "127.0.0.1:0", "--upstream", upstream.Address,
            "--set", "retry.maxRetries=2", "--set", "retry.retryOn=[gateway-error]",
            "--set", "/listeners.admin.address=127.0.0.1:0", "--set", "/listeners.metrics.address=127.0.0.1:0");

        var response = await RawClient.ExchangeAsync(await process.EndPointAsync("reverse"), ProxyRequests.Request("GET", "/"));

        Assert.Equal((200, "by flags"), (response.Status, response.BodyText));
        process.Signal(PosixSignalNumber.Interrupt);
        Assert.Equal(0, await Patience.Await(process.ExitCode, "the proxy ends"));
        Assert.Empty(process.Logs.NotJson);
        Assert.Empty(process.Errors.NotJson);
    }

    [ProxyFact]
    public async Task Run_JsonDocument_IsAccepted()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok("json")));
        var proxy = await StartAsync($$$"""
            {
              "version": 1,
              "listeners": { "reverse": { "address": "127.0.0.1:0" }, "admin": { "address": "127.0.0.1:0" }, "metrics": { "address": "127.0.0.1:0" } },
              "routes": { "app": { "match": { "path": "/{**rest}" }, "cluster": "app" } },
              "clusters": { "app": { "destinations": { "a": { "address": "{{{upstream.Address}}}" } } } }
            }
            """);

        Assert.Equal("json", (await proxy.GetAsync()).BodyText);
    }

    [ProxyFact]
    public async Task Run_OptionalFileMissing_StartsAndPicksItUpLater()
    {
        var a = Own(ScriptedUpstream.Answering(() => Answer.Ok("a")));
        var b = Own(ScriptedUpstream.Answering(() => Answer.Ok("b")));
        var optional = Path.Combine(TemporaryDirectory(), "later.yaml");
        var proxy = await StartProcessAsync(new ProxyStart(TestDocument.To(a.Address).ToString()) { Arguments = ["--config-optional", optional] });
        Assert.Equal("a", (await proxy.GetAsync()).BodyText);
        Assert.Contains("later.yaml", (await proxy.AdminAsync("/readyz?verbose")).BodyText, StringComparison.Ordinal);

        await File.WriteAllTextAsync(optional, $$"""
            version: 1
            clusters: { app: { destinations: { a: { address: "{{b.Address}}" } } } }
            """);

        await Patience.Eventually(async () => (await proxy.GetAsync()).BodyText == "b", "the optional file is used");
    }

    [ProxyFact]
    public async Task Restart_OnAnInvalidFile_StartsOnTheLastGoodOne()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok("last good")));
        var state = TemporaryDirectory();
        var first = await StartProcessAsync(new ProxyStart(TestDocument.To(upstream.Address).ToString(), state, "last-good"));
        Assert.Equal(200, (await first.GetAsync()).Status);
        first.Signal(TestSignal.Interrupt);
        Assert.Equal(0, await Patience.Await(first.ExitCode, "the first one ends"));

        var second = await StartProcessAsync(new ProxyStart(FourMistakes, state, "last-good"));

        Assert.Equal("last good", (await second.GetAsync()).BodyText);
        var ready = await second.AdminAsync("/readyz?verbose");
        Assert.Equal(200, ready.Status);
        Assert.Contains("last-good", ready.BodyText, StringComparison.Ordinal);
        await second.Logs.WaitForEventAsync("config-fallback");
        await second.Logs.WaitForAsync(line => line.Event() == "config-rejected", 4, "every error");
        Assert.Equal(1, (await second.MetricsAsync()).Sum("sidecar_config_rejected"));
    }

    [ProxyFact]
    public async Task Start_OnAnInvalidFileWithNothingKept_UsesTheDefaults()
    {
        // The defaults have fixed admin and metrics ports: only their being chosen is asserted.
        var file = await WriteAsync(FourMistakes);
        var process = StartCommand("run", "--config", file, "--state-dir", TemporaryDirectory(), "--on-invalid", "last-good");

        var line = await process.Logs.WaitForEventAsync("config-fallback");

        Assert.Contains("defaults", line.GetRawText(), StringComparison.Ordinal);
    }

    [ProxyFact]
    public async Task StateDirectory_Corrupt_IsNoReasonToFail()
    {
        var upstream = Own(ScriptedUpstream.Answering(() => Answer.Ok("fine")));
        var state = TemporaryDirectory();
        var start = new ProxyStart(TestDocument.To(upstream.Address).ToString(), state);
        var first = await StartProcessAsync(start);
        first.Signal(TestSignal.Interrupt);
        await Patience.Await(first.ExitCode, "the first one ends");
        Assert.NotEmpty(Directory.GetFiles(state));
        foreach (var kept in Directory.GetFiles(state))
        {
            await File.WriteAllTextAsync(kept, "\0garbage");
        }

        var second = await StartProcessAsync(start);

        Assert.Equal("fine", (await second.GetAsync()).BodyText);
    }

    private static void AssertPlaces(string error, string file)
    {
        var place = new Regex(Regex.Escape(file) + @":(\d+): (\S+): .+", RegexOptions.None, TimeSpan.FromSeconds(5));
        var places = place.Matches(error).ToDictionary(match => match.Groups[2].Value, match => match.Groups[1].Value);
        Assert.Equal("6", places["routes.app.cluster"]);
        Assert.Equal("8", places["routes.app.policy.retry.maxRetries"]);
        Assert.Equal("9", places["routes.app.policy.timeouts.request"]);
        Assert.Equal("10", places["routes.app.policy.circuitBraker"]);
        Assert.All(["many", "soon", "nowhere"], value => Assert.Contains(value, error, StringComparison.Ordinal));
    }
}

/// <summary>The build on the shared runtime.</summary>
public sealed class StartupManaged() : StartupTests(ProxyKind.Managed);

/// <summary>The binary.</summary>
public sealed class StartupNative() : StartupTests(ProxyKind.Native), INativeSuite;
