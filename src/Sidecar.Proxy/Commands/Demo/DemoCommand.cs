using System.CommandLine;
using System.Net.Sockets;
using Sidecar.Contract;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Startup;

namespace Sidecar.Proxy.Commands.Demo;

/// <summary><c>demo</c>: the product in one minute, nothing installed.</summary>
public static class DemoCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create(CommandEnvironment environment)
    {
        var isOnce = new Option<bool>("--once") { Description = "End after one round; exit 1 when it did not show what it is there to show." };
        var areLogsShown = new Option<bool>("--logs") { Description = "Show the proxy's JSON lines on standard output." };
        var command = new ExampleCommand("demo", "Start a flaky upstream with the proxy in front of it, send traffic, and show what each policy does.",
        [
            "sidecar-proxy demo",
            "sidecar-proxy demo --once",
        ])
        {
            isOnce, areLogsShown,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(isOnce), parsed.GetValue(areLogsShown), environment, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool isOnce, bool areLogsShown, CommandEnvironment environment, CancellationToken cancellationToken)
    {
        using var relay = new SignalRelay();
        using var signals = environment.Signals(relay.Receive);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, relay.StartCancelled);
        try
        {
            var script = new DemoScript();
            await using var site = await DemoSite.StartAsync(script, environment, areLogsShown, stop.Token);
            relay.Connect(signal => Receive(signal, site.Proxy, stop));
            var code = await ShowAsync(site, script, isOnce, areLogsShown, environment, stop.Token);
            site.Proxy.Signal(ProxySignal.Interrupt);
            await Task.WhenAny(site.Proxy.Completion, relay.Impatient);
            return code;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCodes.Ok;
        }
        catch (ConfigurationInvalidException e)
        {
            // The demo's own document: a defect, not bad usage.
            ProblemOutput.Write(environment.Error, e.Problems);
            return ExitCodes.Failed;
        }
        catch (Exception e) when (e is IOException or SocketException or HttpRequestException)
        {
            environment.Error.WriteLine($"the demo failed: {e.Message}");
            return ExitCodes.Failed;
        }
    }

    private static void Receive(ProxySignal signal, RunningProxy proxy, CancellationTokenSource stop)
    {
        if (signal == ProxySignal.Reload)
        {
            proxy.Signal(signal);
        }
        else
        {
            stop.Cancel();
        }
    }

    private static async Task<int> ShowAsync(
        DemoSite site, DemoScript script, bool isOnce, bool areLogsShown, CommandEnvironment environment, CancellationToken stop)
    {
        var output = environment.Output;
        output.WriteLine($"  a flaky upstream   http://127.0.0.1:{site.Ports.Upstream}");
        output.WriteLine($"  the proxy          http://127.0.0.1:{site.Ports.Reverse}");
        output.WriteLine($"  its configuration  {site.ConfigFile}");
        output.WriteLine($"  its log            {(areLogsShown ? "standard output" : site.LogFile)}");
        output.WriteLine();

        // JSON lines in between would break a redrawn table.
        var screen = new DemoScreen(output, environment.IsTerminal && !areLogsShown);
        using var round = new DemoRound(site.Ports, script, environment.Time, screen.Update);
        IReadOnlyList<DemoLine> lines;
        try
        {
            lines = await round.RunAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCodes.Ok;
        }

        screen.Finish(lines);
        var missing = DemoTable.Missing(lines);
        foreach (var what in missing)
        {
            environment.Error.WriteLine($"  not shown: {what}");
        }

        if (!isOnce)
        {
            WriteInvitation(output, site.Ports);
            await Task.WhenAny(site.Proxy.Completion, Task.Delay(Timeout.InfiniteTimeSpan, environment.Time, stop));
        }

        return missing.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static void WriteInvitation(TextWriter output, DemoPorts ports)
    {
        output.WriteLine();
        output.WriteLine("  Try it, while it runs:");
        output.WriteLine($"    curl -i http://127.0.0.1:{ports.Reverse}/plain/     every third answer is a 503");
        output.WriteLine($"    curl -i http://127.0.0.1:{ports.Reverse}/retried/   never is");
        foreach (var path in (string[])["routes", "breakers", "stats", "config", "readyz?verbose", "metrics"])
        {
            output.WriteLine($"    curl -s 'http://127.0.0.1:{ports.Admin}/{path}'");
        }

        output.WriteLine();
        output.WriteLine("  Ctrl-C ends it.");
        output.Flush();
    }
}
