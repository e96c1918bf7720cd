using System.Net;
using System.Net.Sockets;

namespace Sidecar.LoadGen.Backend;

/// <summary>
/// Carries TCP connections to an upstream and resets each at a place that was drawn for it. Knows no protocol, so that the offset is
/// any byte of HTTP/1.1 and of HTTP/2 alike. The upstream gets everything that passed before, ended properly: what it then
/// does with it, it does, though its answer goes nowhere. That is the request whose repetition would be a duplicate.
/// </summary>
internal sealed class ResettingRelay(EndPoint upstream, Func<ConnectionFate> draw) : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly long[] _resets = new long[Enum.GetValues<ResetPlace>().Length];
    private long _connections;

    /// <summary>Connections carried so far.</summary>
    public long Connections => Interlocked.Read(ref _connections);

    /// <summary>Connections reset at this place so far.</summary>
    public long Resets(ResetPlace place) => Interlocked.Read(ref _resets[(int)place]);

    /// <summary>Listens on loopback; 0: the kernel chooses. Returns the port.</summary>
    public int Start(int port)
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listener.Listen(4096);
        _ = AcceptAsync();
        return ((IPEndPoint)_listener.LocalEndPoint!).Port;
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var caller = await _listener.AcceptAsync();
                Interlocked.Increment(ref _connections);
                _ = CarryAsync(caller, draw());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task CarryAsync(Socket caller, ConnectionFate fate)
    {
        using var server = new Socket(upstream.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        using (caller)
        {
            caller.NoDelay = true;
            caller.LingerState = new LingerOption(true, 0); // closing is a reset
            if (fate.Place == ResetPlace.AtOnce)
            {
                Interlocked.Increment(ref _resets[(int)fate.Place]);
                return;
            }

            try
            {
                await server.ConnectAsync(upstream);
                var requests = CopyAsync(caller, server, fate.Place == ResetPlace.InRequest ? fate : null);
                var answers = CopyAsync(server, caller, fate.Place == ResetPlace.InRequest ? null : fate);
                if (await await Task.WhenAny(requests, answers))
                {
                    Interlocked.Increment(ref _resets[(int)fate.Place]);
                }

                caller.Close();
                server.Shutdown(SocketShutdown.Send);
                await DrainAsync(server);
                server.Close();
                await Task.WhenAll(requests, answers);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // One of the sides has gone by itself.
            }
        }
    }

    /// <summary>True when it ended because the fate's place was reached; false when the source ended.</summary>
    private static async Task<bool> CopyAsync(Socket from, Socket to, ConnectionFate? fate)
    {
        var buffer = new byte[4096];
        for (var passed = 0L; ;)
        {
            // Bytes beyond the place are not even read: what was not received, nobody can have acted on.
            var most = fate is { Place: not ResetPlace.Between } ? (int)Math.Min(buffer.Length, fate.Value.Bytes - passed) : buffer.Length;
            var received = await from.ReceiveAsync(buffer.AsMemory(0, most));
            if (received == 0)
            {
                return false;
            }

            for (var sent = 0; sent < received;)
            {
                sent += await to.SendAsync(buffer.AsMemory(sent, received - sent));
            }

            passed += received;
            if (fate is { } place && passed >= place.Bytes)
            {
                if (place.Pause > TimeSpan.Zero)
                {
                    await Task.Delay(place.Pause);
                }

                return true;
            }
        }
    }

    // The answer that nobody will read; without reading it, closing would reset the upstream before it has read the request.
    private static async Task DrainAsync(Socket server)
    {
        var buffer = new byte[4096];
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            while (await server.ReceiveAsync(buffer.AsMemory(), limit.Token) > 0)
            {
            }
        }
        catch (OperationCanceledException)
        {
            // It has had the time to read what was sent.
        }
    }
}
