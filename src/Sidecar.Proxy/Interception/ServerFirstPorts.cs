using System.Collections.Concurrent;
using System.Net;

namespace Sidecar.Proxy.Interception;

/// <summary>A destination whose server was seen to speak first.</summary>
/// <param name="Destination">Address and port.</param>
/// <param name="ExpiresIn">It is forgotten then, unless it is seen again.</param>
public readonly record struct ServerFirstPort(IPEndPoint Destination, TimeSpan ExpiresIn);

/// <summary>
/// Destinations whose servers speak first, learned from what they did: their next connections do not wait for the client.
/// Forgotten after ten minutes, so that a port that changes hands is looked at again. Bounded.
/// </summary>
/// <param name="time">Clock.</param>
public sealed class ServerFirstPorts(TimeProvider time)
{
    /// <summary>How long a destination is remembered (PRODUCT §4).</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>Most destinations remembered; beyond it new ones are learned again each time.</summary>
    public const int Most = 1024;

    private readonly ConcurrentDictionary<IPEndPoint, long> _learnedAt = new();

    /// <summary>Is the server at this destination known to speak first?</summary>
    public bool Contains(IPEndPoint destination)
    {
        if (_learnedAt.IsEmpty || !_learnedAt.TryGetValue(destination, out var at))
        {
            return false;
        }

        if (time.GetElapsedTime(at) < Lifetime)
        {
            return true;
        }

        _learnedAt.TryRemove(destination, out _);
        return false;
    }

    /// <summary>It spoke first.</summary>
    public void Learn(IPEndPoint destination)
    {
        if (_learnedAt.Count >= Most && !_learnedAt.ContainsKey(destination))
        {
            Forget();
            if (_learnedAt.Count >= Most)
            {
                return;
            }
        }

        _learnedAt[destination] = time.GetTimestamp();
    }

    /// <summary>What is known now.</summary>
    public IReadOnlyList<ServerFirstPort> All
    {
        get
        {
            Forget();
            return [.. _learnedAt.Select(entry => new ServerFirstPort(entry.Key, Lifetime - time.GetElapsedTime(entry.Value)))];
        }
    }

    private void Forget()
    {
        foreach (var (destination, at) in _learnedAt)
        {
            if (time.GetElapsedTime(at) >= Lifetime)
            {
                _learnedAt.TryRemove(destination, out _);
            }
        }
    }
}
