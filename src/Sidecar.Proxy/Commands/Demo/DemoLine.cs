using System.Globalization;

namespace Sidecar.Proxy.Commands.Demo;

/// <summary>What one route of the demo did so far.</summary>
/// <param name="route">Route id.</param>
/// <param name="policy">Its policy in a few words.</param>
public sealed class DemoLine(string route, string policy)
{
    private readonly SortedDictionary<string, int> _flags = new(StringComparer.Ordinal);

    /// <summary>Route id.</summary>
    public string Route { get; } = route;

    /// <summary>Its policy in a few words.</summary>
    public string Policy { get; } = policy;

    /// <summary>Requests that the caller sent.</summary>
    public int Requests { get; private set; }

    /// <summary>Answers with status 200.</summary>
    public int Succeeded { get; private set; }

    /// <summary>All others.</summary>
    public int Failed => Requests - Succeeded;

    /// <summary>Requests that reached the upstream.</summary>
    public int Attempts { get; set; }

    /// <summary>The longest answer.</summary>
    public TimeSpan Slowest { get; private set; }

    /// <summary>States of the breaker in the order in which they were seen.</summary>
    public List<string> BreakerStates { get; } = [];

    /// <summary>How often a flag of <c>x-sidecar-flags</c> was seen.</summary>
    public int Count(string flag) => _flags.GetValueOrDefault(flag);

    /// <summary>Counts one answer.</summary>
    public void Add(int status, string flags, TimeSpan elapsed)
    {
        Requests++;
        Succeeded += status == 200 ? 1 : 0;
        Slowest = elapsed > Slowest ? elapsed : Slowest;
        foreach (var flag in flags.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            _flags[flag] = Count(flag) + 1;
        }
    }

    /// <summary>Notes a breaker's state when it differs from the one before.</summary>
    public void AddBreakerState(string state)
    {
        if (state.Length > 0 && (BreakerStates.Count == 0 || BreakerStates[^1] != state))
        {
            BreakerStates.Add(state);
        }
    }

    /// <summary><c>CB ×15, UT ×3</c>; empty when nothing failed in the proxy.</summary>
    public string Flags() => string.Join(", ", _flags.Select(flag => string.Create(CultureInfo.InvariantCulture, $"{flag.Key} ×{flag.Value}")));
}
