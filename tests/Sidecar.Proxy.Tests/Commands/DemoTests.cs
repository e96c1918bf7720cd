using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Sidecar.Configuration;
using Sidecar.Proxy.Commands;
using Sidecar.Proxy.Commands.Demo;
using Sidecar.Proxy.Startup;

namespace Sidecar.Proxy.Tests.Commands;

public sealed partial class DemoTests
{
    [Fact]
    public void Script_EveryThird_Fails()
    {
        var script = new DemoScript();

        Assert.Equal([200, 200, 503, 200, 200, 503], Enumerable.Range(0, 6).Select(_ => script.Next("plain").Status));
        Assert.Equal(6, script.Attempts("plain"));
        Assert.Equal(0, script.Attempts("retried"));
    }

    [Fact]
    public void Script_EverySecondBoundedOne_Hangs()
    {
        var script = new DemoScript();

        Assert.Equal([TimeSpan.Zero, DemoScript.Hang], Enumerable.Range(0, 2).Select(_ => script.Next("bounded").Delay));
    }

    [Fact]
    public void Script_Outage_FailsWhileItLasts()
    {
        var script = new DemoScript { IsDown = true };

        Assert.Equal(503, script.Next("guarded").Status);
        script.IsDown = false;
        Assert.Equal(200, script.Next("guarded").Status);
    }

    [Fact]
    public void Script_UnknownPath_IsNotCounted()
    {
        var script = new DemoScript();

        script.Next("somebody-else");

        Assert.Equal(0, script.Attempts("somebody-else"));
    }

    [Fact]
    public void Document_IsAcceptedByReaderAndEngineWithoutAWarning()
    {
        var document = new ConfigurationSource("sidecar.yaml", DemoDocument.Write(new DemoPorts(9000, 8080, 15100, 15120)));

        var result = ConfigurationLoader.Load([document], [], ConfigurationEnvironment.Default);

        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
        Assert.Empty(RunningConfiguration.Check(result.Configuration!));
        Assert.Equal(DemoDocument.Routes.Order(), result.Configuration!.Routes.Select(route => route.Id).Order());
    }

    [Fact]
    public void Table_EverythingHappened_MissesNothing()
    {
        var lines = Lines();

        Assert.Empty(DemoTable.Missing(lines));
        Assert.Equal(
            """
              route      policy                             requests    ok  failed  attempts  flags
              /plain     none                                      2     1       1         2
                         → every third answer of the upstream is a 503: the caller saw 1 of them
              /retried   retry                                     2     2       0         3
                         → the same upstream: 1 retries hid 1 failures from the caller
              /bounded   timeouts                                  2     1       1         2  UT ×1
                         → every second call hangs for 2 s: 1 were cut, the slowest answer took 0.25 s
              /guarded   circuitBreaker                            2     0       2         1  CB ×1
                         → an outage: 1 calls refused at once, the upstream saw none of them; breaker open → closed

            """,
            DemoTable.Render(lines));
    }

    [Fact]
    public void Table_NothingHappened_MissesEverything()
    {
        DemoLine[] lines = [new("plain", "none"), new("retried", ""), new("bounded", ""), new("guarded", "")];

        Assert.Equal(7, DemoTable.Missing(lines).Count);
        Assert.Single(DemoTable.Render(lines).TrimEnd().Split('\n'));
    }

    [Fact]
    public void Screen_Terminal_RedrawsInPlace()
    {
        var output = new StringWriter();
        var screen = new DemoScreen(output, isTerminal: true);

        screen.Update(Lines());
        screen.Finish(Lines());

        Assert.Equal($"{DemoTable.Render(Lines())}\u001b[9A\u001b[J{DemoTable.Render(Lines())}", output.ToString());
    }

    [Fact]
    public void Screen_NoTerminal_PrintsOnceWithoutControlCharacters()
    {
        var output = new StringWriter();
        var screen = new DemoScreen(output, isTerminal: false);

        screen.Update(Lines());
        screen.Finish(Lines());

        Assert.Equal(DemoTable.Render(Lines()), output.ToString());
    }

    [Fact]
    public async Task Once_ProxyWithoutPolicies_ExitsWith1AndSaysWhatWasNotShown()
    {
        var fixture = new CommandFixture();
        fixture.Start = StartWithoutPoliciesAsync;

        Assert.Equal(1, await fixture.RunAsync("demo", "--once"));

        Assert.Contains("not shown: /retried: retries reach the upstream", fixture.Error, StringComparison.Ordinal);
        Assert.Contains("not shown: /guarded: calls are refused while the circuit is open (CB)", fixture.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Ctrl-C", fixture.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.GetDirectoryName(ConfigurationLine().Match(fixture.Output).Groups[1].Value)));
    }

    [Fact]
    public async Task Once_ProxyDoesNotStart_ExitsWith1AndLeavesNothingBehind()
    {
        var fixture = new CommandFixture();
        string? directory = null;
        fixture.Start = (options, _, _) =>
        {
            directory = Path.GetDirectoryName(options.ConfigFiles[0]);
            throw new IOException("address already in use");
        };

        Assert.Equal(1, await fixture.RunAsync("demo", "--once"));

        Assert.Equal("the demo failed: address already in use\n", fixture.Error);
        Assert.False(Directory.Exists(directory));
    }

    // Stands in for a proxy that answers and has no policies: the demo must notice.
    private static async Task<RunningProxy> StartWithoutPoliciesAsync(RunOptions options, HostEnvironment environment, CancellationToken cancellationToken)
    {
        var document = await File.ReadAllTextAsync(options.ConfigFiles[0], cancellationToken);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            foreach (Match port in ListenerPort().Matches(document))
            {
                kestrel.Listen(IPAddress.Loopback, int.Parse(port.Groups[1].Value));
            }
        });
        var application = builder.Build();
        application.Run(context => context.Response.WriteAsync("{}", context.RequestAborted));
        await application.StartAsync(cancellationToken);
        var ended = new TaskCompletionSource<int>();
        return new RunningProxy(ended.Task, signal => application.StopAsync(CancellationToken.None).ContinueWith(_ => ended.SetResult(0), TaskScheduler.Default));
    }

    private static DemoLine[] Lines()
    {
        var plain = new DemoLine("plain", "none") { Attempts = 2 };
        plain.Add(200, "", TimeSpan.Zero);
        plain.Add(503, "", TimeSpan.Zero);
        var retried = new DemoLine("retried", "retry") { Attempts = 3 };
        retried.Add(200, "", TimeSpan.Zero);
        retried.Add(200, "", TimeSpan.Zero);
        var bounded = new DemoLine("bounded", "timeouts") { Attempts = 2 };
        bounded.Add(200, "", TimeSpan.Zero);
        bounded.Add(504, "UT", TimeSpan.FromMilliseconds(250));
        var guarded = new DemoLine("guarded", "circuitBreaker") { Attempts = 1 };
        guarded.Add(503, "", TimeSpan.Zero);
        guarded.Add(503, "CB", TimeSpan.Zero);
        guarded.AddBreakerState("open");
        guarded.AddBreakerState("open");
        guarded.AddBreakerState("closed");
        return [plain, retried, bounded, guarded];
    }

    [GeneratedRegex(@"(?:reverse|admin|metrics): +\{ address: ""127\.0\.0\.1:(\d+)""")]
    private static partial Regex ListenerPort();

    [GeneratedRegex(@"its configuration  (\S+)")]
    private static partial Regex ConfigurationLine();
}
