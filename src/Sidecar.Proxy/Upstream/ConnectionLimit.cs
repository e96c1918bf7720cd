namespace Sidecar.Proxy.Upstream;

/// <summary>
/// Counts open and opening connections per address and refuses beyond the limit, at once. An HTTP/1 connection carries
/// one request; an HTTP/2 connection as many as the upstream allows streams, so there the limit bounds max × streams.
/// Idle pooled connections count: they are open.
/// </summary>
/// <param name="max">Connections per host and port.</param>
internal sealed class ConnectionLimit(int max)
{
    // Touched when connections open and close, not per request; addresses without connections leave no trace.
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Host, int Port), int> _open = [];

    /// <summary>Takes a place; false when there is none.</summary>
    public bool TryEnter(string host, int port)
    {
        lock (_lock)
        {
            var open = _open.GetValueOrDefault((host, port));
            if (open >= max)
            {
                return false;
            }

            _open[(host, port)] = open + 1;
            return true;
        }
    }

    /// <summary>Gives a place back.</summary>
    public void Leave(string host, int port)
    {
        lock (_lock)
        {
            var open = _open.GetValueOrDefault((host, port)) - 1;
            if (open > 0)
            {
                _open[(host, port)] = open;
            }
            else
            {
                _open.Remove((host, port));
            }
        }
    }

    /// <summary>No place is left.</summary>
    public bool IsFull(string host, int port)
    {
        lock (_lock)
        {
            return _open.GetValueOrDefault((host, port)) >= max;
        }
    }

    /// <summary>Open and opening connections of all addresses.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _open.Values.Sum();
            }
        }
    }
}
