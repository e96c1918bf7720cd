namespace Sidecar.Proxy.Telemetry;

/// <summary>What is open and what was done; the drain waits on it and reports it.</summary>
public sealed class TrafficCounters
{
    private int _connections;
    private int _inFlight;
    private long _requests;
    private long _completed;
    private long _aborted;
    private long _refused;
    private long _connectionsClosed;
    private long _connectionsRefused;

    /// <summary>Open connections of the traffic listeners.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Requests being served.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Requests that ever arrived.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Requests that were answered to the end.</summary>
    public long Completed => Interlocked.Read(ref _completed);

    /// <summary>Requests whose answer broke off, by either side.</summary>
    public long Aborted => Interlocked.Read(ref _aborted);

    /// <summary>Requests refused by the drain or a limit of the process.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Connections that ended.</summary>
    public long ConnectionsClosed => Interlocked.Read(ref _connectionsClosed);

    /// <summary>Connections closed at once because of the limit.</summary>
    public long ConnectionsRefused => Interlocked.Read(ref _connectionsRefused);

    /// <summary>A connection came in over the limit.</summary>
    public void ConnectionRefused() => Interlocked.Increment(ref _connectionsRefused);

    /// <summary>A connection was accepted.</summary>
    /// <returns>Open connections, this one included.</returns>
    public int ConnectionOpened() => Interlocked.Increment(ref _connections);

    /// <summary>A connection ended.</summary>
    public void ConnectionClosed()
    {
        Interlocked.Decrement(ref _connections);
        Interlocked.Increment(ref _connectionsClosed);
    }

    /// <summary>A request arrived.</summary>
    /// <returns>Requests in flight, this one included.</returns>
    public int RequestStarted()
    {
        Interlocked.Increment(ref _requests);
        return Interlocked.Increment(ref _inFlight);
    }

    /// <summary>A request was refused; it also ends.</summary>
    public void RequestRefused() => Interlocked.Increment(ref _refused);

    /// <summary>A request ended.</summary>
    /// <param name="aborted">Its answer broke off.</param>
    public void RequestEnded(bool aborted)
    {
        Interlocked.Decrement(ref _inFlight);
        Interlocked.Increment(ref aborted ? ref _aborted : ref _completed);
    }
}
