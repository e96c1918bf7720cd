using System.Collections.Concurrent;

namespace Sidecar.Proxy.Commands.Demo;

/// <summary>What the demo's upstream does with one request.</summary>
/// <param name="Status">Answer.</param>
/// <param name="Delay">Wait before it.</param>
public readonly record struct DemoReply(int Status, TimeSpan Delay);

/// <summary>
/// The misbehaviour of the demo's upstream: a function of how many requests each route sent, so that every run shows the
/// same. Thread-safe.
/// </summary>
public sealed class DemoScript
{
    /// <summary>How long a hanging request hangs.</summary>
    public static readonly TimeSpan Hang = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, int> _attempts = new(StringComparer.Ordinal);
    private volatile bool _isDown;

    /// <summary>The outage: everything under <c>/guarded</c> answers 503.</summary>
    public bool IsDown
    {
        get => _isDown;
        set => _isDown = value;
    }

    /// <summary>Requests that reached the upstream for a route.</summary>
    public int Attempts(string route) => _attempts.GetValueOrDefault(route);

    /// <summary>Counts a request and says what to do with it.</summary>
    /// <param name="route">First segment of its path.</param>
    public DemoReply Next(string route)
    {
        // Only the demo's own words are counted: the port is open to everyone on this machine.
        if (!DemoDocument.Routes.Contains(route))
        {
            return new DemoReply(200, TimeSpan.Zero);
        }

        var number = _attempts.AddOrUpdate(route, 1, static (_, count) => count + 1);
        return route switch
        {
            "bounded" => new DemoReply(200, number % 2 == 0 ? Hang : TimeSpan.Zero),
            "guarded" => new DemoReply(_isDown ? 503 : 200, TimeSpan.Zero),
            _ => new DemoReply(number % 3 == 0 ? 503 : 200, TimeSpan.Zero),
        };
    }
}
