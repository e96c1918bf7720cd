using System.Text;

namespace Sidecar.Proxy.Commands.Demo;

/// <summary>The demo's result as text, and whether it showed what it claims.</summary>
public static class DemoTable
{
    private const string Header = "route      policy                             requests    ok  failed  attempts  flags";

    /// <summary>One line of numbers and one sentence per route; routes without traffic are left out.</summary>
    public static string Render(IReadOnlyList<DemoLine> lines)
    {
        var text = new StringBuilder().Append("  ").AppendLine(Header);
        foreach (var line in lines.Where(line => line.Requests > 0))
        {
            text.AppendLine($"  {'/' + line.Route,-10} {line.Policy,-34} {line.Requests,8} {line.Succeeded,5} {line.Failed,7} {line.Attempts,9}  {line.Flags()}".TrimEnd());
            text.AppendLine($"  {"",-10} → {Sentence(line)}");
        }

        return text.ToString();
    }

    /// <summary>What did not happen although the demo is there to show it; empty when all is well.</summary>
    public static IReadOnlyList<string> Missing(IReadOnlyList<DemoLine> lines)
    {
        var missing = new List<string>();
        void Expect(string route, string what, Predicate<DemoLine> holds)
        {
            if (lines.FirstOrDefault(line => line.Route == route) is not { } line || !holds(line))
            {
                missing.Add($"/{route}: {what}");
            }
        }

        Expect("plain", "failures of the upstream reach the caller", line => line.Failed > 0);
        Expect("retried", "no failure reaches the caller", line => line.Requests > 0 && line.Failed == 0);
        Expect("retried", "retries reach the upstream", line => line.Attempts > line.Requests);
        Expect("bounded", "hanging calls are cut (UT)", line => line.Count("UT") > 0);
        Expect("bounded", "no call takes as long as the upstream hangs", line => line.Slowest < DemoScript.Hang);
        Expect("guarded", "calls are refused while the circuit is open (CB)", line => line.Count("CB") > 0);
        Expect("guarded", "refused calls spare the upstream", line => line.Attempts < line.Requests);
        Expect("guarded", "/breakers shows open, then closed", line => line.BreakerStates.Contains("open") && line.BreakerStates[^1] == "closed");
        return missing;
    }

    private static string Sentence(DemoLine line) => line.Route switch
    {
        "plain" => $"every third answer of the upstream is a 503: the caller saw {line.Failed} of them",
        "retried" => $"the same upstream: {line.Attempts - line.Requests} retries hid {line.Attempts - line.Requests} failures from the caller",
        "bounded" => $"every second call hangs for {DemoScript.Hang.TotalSeconds:0} s: {line.Count("UT")} were cut, the slowest answer took {line.Slowest.TotalSeconds:0.00} s",
        _ => $"an outage: {line.Count("CB")} calls refused at once, the upstream saw none of them"
            + (line.BreakerStates.Count == 0 ? "" : $"; breaker {string.Join(" → ", line.BreakerStates)}"),
    };
}
