using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Sidecar.Floor;

/// <summary>A kept connection with its two buffers.</summary>
internal sealed class UpstreamConnection(Socket socket)
{
    private int _start;
    private int _end;

    /// <summary>The socket.</summary>
    public Socket Socket { get; } = socket;

    /// <summary>Where a request is put together.</summary>
    public byte[] Out { get; } = new byte[16 * 1024];

    /// <summary>Where answers arrive.</summary>
    public byte[] In { get; } = new byte[16 * 1024];

    /// <summary>The strings of the last answer's fields: most answers of one upstream repeat them.</summary>
    public string?[] Names { get; } = new string?[64];

    /// <summary>As <see cref="Names"/>.</summary>
    public string?[] Values { get; } = new string?[64];

    /// <summary>When it fell idle, in milliseconds since the machine started.</summary>
    public long IdleSince { get; set; }

    /// <summary>What has arrived and was not taken.</summary>
    public ReadOnlyMemory<byte> Arrived => In.AsMemory(_start, _end - _start);

    /// <summary>Takes bytes that have arrived.</summary>
    public void Take(int count)
    {
        _start += count;
        if (_start == _end)
        {
            _start = _end = 0;
        }
    }

    /// <summary>Reads more.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ReadAsync()
    {
        var read = await Socket.ReceiveAsync(In.AsMemory(_end));
        if (read == 0)
        {
            throw new IOException("The upstream closed the connection, or its head is too large.");
        }

        _end += read;
    }
}

/// <summary>Connections to one upstream, the last one used first.</summary>
internal sealed class UpstreamPool(IPEndPoint address)
{
    // Less than any server keeps them.
    private const long MostIdle = 20_000;

    private readonly ConcurrentStack<UpstreamConnection> _idle = new();

    /// <summary>An idle connection; null when there is none.</summary>
    public UpstreamConnection? TryTake()
    {
        while (_idle.TryPop(out var connection))
        {
            if (Environment.TickCount64 - connection.IdleSince < MostIdle)
            {
                return connection;
            }

            connection.Socket.Dispose();
        }

        return null;
    }

    /// <summary>A new connection.</summary>
    public async ValueTask<UpstreamConnection> DialAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address);
        return new UpstreamConnection(socket);
    }

    /// <summary>The exchange is complete.</summary>
    public void GiveBack(UpstreamConnection connection)
    {
        connection.IdleSince = Environment.TickCount64;
        _idle.Push(connection);
    }
}
