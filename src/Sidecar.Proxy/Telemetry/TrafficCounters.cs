using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Telemetry;

/// <summary>What is open and what was done; the drain waits on it and reports it.</summary>
public sealed class TrafficCounters
{
    private static readonly int Directions = Enum.GetValues<Direction>().Length;

    private readonly int[] _connections = new int[Directions];
    private readonly int[] _opaque = new int[Directions];
    private readonly int[] _inFlight = new int[Directions];
    private readonly long[] _requests = new long[Directions];
    private long _completed;
    private long _aborted;
    private long _refused;
    private long _connectionsClosed;
    private long _connectionsRefused;

    /// <summary>Open connections of the traffic listeners.</summary>
    public int Connections => Sum(_connections);

    /// <summary>Requests being served.</summary>
    public int InFlight => Sum(_inFlight);

    /// <summary>Connections being carried as TCP.</summary>
    public int Opaque => Sum(_opaque);

    /// <summary>Requests that ever arrived.</summary>
    public long Requests => RequestsOf(Direction.Reverse) + RequestsOf(Direction.Outbound) + RequestsOf(Direction.Inbound);

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

    /// <summary>Open connections of one direction.</summary>
    public int ConnectionsOf(Direction direction) => Volatile.Read(ref _connections[(int)direction]);

    /// <summary>Connections of one direction that are carried as TCP.</summary>
    public int OpaqueOf(Direction direction) => Volatile.Read(ref _opaque[(int)direction]);

    /// <summary>Requests of one direction being served.</summary>
    public int InFlightOf(Direction direction) => Volatile.Read(ref _inFlight[(int)direction]);

    /// <summary>Requests of one direction that ever arrived.</summary>
    public long RequestsOf(Direction direction) => Interlocked.Read(ref _requests[(int)direction]);

    /// <summary>A connection came in over the limit.</summary>
    public void ConnectionRefused() => Interlocked.Increment(ref _connectionsRefused);

    /// <summary>A connection was accepted.</summary>
    /// <returns>Open connections of all directions, this one included.</returns>
    public int ConnectionOpened(Direction direction)
    {
        Interlocked.Increment(ref _connections[(int)direction]);
        return Connections;
    }

    /// <summary>A connection ended.</summary>
    public void ConnectionClosed(Direction direction)
    {
        Interlocked.Decrement(ref _connections[(int)direction]);
        Interlocked.Increment(ref _connectionsClosed);
    }

    /// <summary>A connection is carried as TCP from here on; it is open already.</summary>
    public void OpaqueStarted(Direction direction) => Interlocked.Increment(ref _opaque[(int)direction]);

    /// <summary>It ended.</summary>
    public void OpaqueEnded(Direction direction) => Interlocked.Decrement(ref _opaque[(int)direction]);

    /// <summary>A request arrived.</summary>
    public void RequestStarted(Direction direction)
    {
        Interlocked.Increment(ref _requests[(int)direction]);
        Interlocked.Increment(ref _inFlight[(int)direction]);
    }

    /// <summary>A request was refused; it also ends.</summary>
    public void RequestRefused() => Interlocked.Increment(ref _refused);

    /// <summary>A request ended.</summary>
    /// <param name="direction">As it was started.</param>
    /// <param name="aborted">Its answer broke off.</param>
    public void RequestEnded(Direction direction, bool aborted)
    {
        Interlocked.Decrement(ref _inFlight[(int)direction]);
        Interlocked.Increment(ref aborted ? ref _aborted : ref _completed);
    }

    private static int Sum(int[] counts) =>
        Volatile.Read(ref counts[(int)Direction.Reverse]) + Volatile.Read(ref counts[(int)Direction.Outbound]) + Volatile.Read(ref counts[(int)Direction.Inbound]);
}
