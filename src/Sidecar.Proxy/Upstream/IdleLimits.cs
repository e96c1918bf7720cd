using System.Collections.Concurrent;

namespace Sidecar.Proxy.Upstream;

/// <summary>The idle time of one connection, and what its server is known to allow.</summary>
internal sealed class IdleWatch(IdleLimits limits, string host, int port, TimeProvider time)
{
    private long _since;

    /// <summary>The connection falls idle.</summary>
    public void Begin() => _since = time.GetTimestamp();

    /// <summary>The server closed it while it was idle.</summary>
    public void Closed() => limits.Observe(host, port, time.GetElapsedTime(_since));

    /// <summary>Time until it should be given up, zero or less when that has passed; null when nothing is known.</summary>
    public TimeSpan? Left() => limits.Find(host, port) is { } limit ? limit - time.GetElapsedTime(_since) : null;

    /// <summary>A timer that fires once.</summary>
    public ITimer Start(TimerCallback callback, object state, TimeSpan due) => time.CreateTimer(callback, state, due, Timeout.InfiniteTimeSpan);
}

/// <summary>
/// How long the servers of one cluster keep idle HTTP/1 connections, learned from when they closed them: a connection is
/// given up a little earlier, so that no request is ever written to one that is being closed. What a server says itself
/// (<c>Keep-Alive: timeout=</c>) the platform's client honours already.
/// </summary>
/// <param name="time">Clock.</param>
internal sealed class IdleLimits(TimeProvider time)
{
    /// <summary>Most addresses remembered; beyond it nothing more is learned until some are forgotten.</summary>
    public const int Most = 1024;

    // A restart closes connections of every age, a timeout closes them at one age: only two closes at about the same age teach.
    private const double Agreement = 0.1;

    // Given up this much before the server would: its clock and ours do not start at the same packet.
    private const double Margin = 0.1;

    private static readonly TimeSpan Forget = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<(string Host, int Port), Observation> _observations = new();

    // Most servers never close first. The dictionary takes all its locks to say that it is empty.
    private volatile bool _hasObserved;

    /// <summary>The server closed a connection that had been idle for so long.</summary>
    public void Observe(string host, int port, TimeSpan idle)
    {
        if (idle <= TimeSpan.Zero || (_observations.Count >= Most && !_observations.ContainsKey((host, port))))
        {
            ForgetOld();
            return;
        }

        var now = time.GetTimestamp();
        _observations.AddOrUpdate(
            (host, port),
            static (_, seen) => new Observation(seen.Idle, null, seen.Now),
            static (_, before, seen) => Math.Abs((seen.Idle - before.Idle) / before.Idle) <= Agreement
                ? new Observation(seen.Idle, (seen.Idle < before.Idle ? seen.Idle : before.Idle) * (1 - Margin), seen.Now)
                : before with { Idle = seen.Idle, At = seen.Now },
            (Idle: idle, Now: now));
        _hasObserved = true;
    }

    /// <summary>How long a connection to this address may be idle; null when nothing is known.</summary>
    public TimeSpan? Find(string host, int port) =>
        _hasObserved && _observations.TryGetValue((host, port), out var seen) && time.GetElapsedTime(seen.At) < Forget ? seen.Limit : null;

    private void ForgetOld()
    {
        foreach (var (address, seen) in _observations)
        {
            if (time.GetElapsedTime(seen.At) >= Forget)
            {
                _observations.TryRemove(address, out _);
            }
        }
    }

    private sealed record Observation(TimeSpan Idle, TimeSpan? Limit, long At);
}
