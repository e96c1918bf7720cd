using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace Sidecar.Proxy.Interception;

/// <summary>
/// A listener for redirected connections. It accepts, lets <see cref="ConnectionSorter"/> look at each one while its bytes are
/// still in the kernel, and gives only HTTP to the server above: what is not HTTP never meets it.
/// </summary>
public sealed class InterceptionListener : IConnectionListener
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly Socket _socket;
    private readonly TimeProvider _time;
    private readonly ConnectionSorter _sorter;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<ConnectionContext> _http = Channel.CreateUnbounded<ConnectionContext>(
        new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });

    /// <summary>Binds and listens.</summary>
    /// <exception cref="SocketException">The address is in use or not ours.</exception>
    public InterceptionListener(IPEndPoint address, int backlog, ConnectionSorter sorter, TimeProvider time)
    {
        _time = time;
        _sorter = sorter;

        // Dual-stack: redirected IPv4 connections arrive as IPv4-mapped ones. A machine without IPv6 gets IPv4.
        var isDual = address.Address.Equals(IPAddress.IPv6Any) && Socket.OSSupportsIPv6;
        _socket = isDual || address.AddressFamily == AddressFamily.InterNetworkV6
            ? new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = isDual }
            : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _socket.Bind(isDual || !address.Address.Equals(IPAddress.IPv6Any) ? address : new IPEndPoint(IPAddress.Any, address.Port));
            _socket.Listen(backlog);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            _socket.Dispose();
            throw new AddressInUseException(e.Message, e);
        }

        EndPoint = _socket.LocalEndPoint ?? address;
        _ = AcceptLoopAsync();
    }

    /// <inheritdoc/>
    public EndPoint EndPoint { get; }

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _http.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_http.Reader.TryRead(out var connection))
            {
                return connection;
            }
        }

        return null;
    }

    /// <summary>No new connection; those that were accepted and have not spoken yet are still handed over. The first step of a drain.</summary>
    public void StopAccepting() => _socket.Dispose();

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _socket.Dispose();
        _http.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await UnbindAsync();
        await _stopping.CancelAsync();
    }

    private async Task AcceptLoopAsync()
    {
        while (true)
        {
            Socket accepted;
            try
            {
                accepted = await _socket.AcceptAsync();
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.OperationAborted)
            {
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionAborted)
            {
                // The client left before it was accepted.
                continue;
            }
            catch (SocketException)
            {
                // Descriptors or memory ran out. The connection stays in the queue and the next accept would fail at once:
                // the pause leaves the event loop to those who give descriptors back.
                await Task.Delay(Pause, _time);
                continue;
            }

            _ = SortAsync(accepted);
        }
    }

    private async Task SortAsync(Socket accepted)
    {
        if (await _sorter.SortAsync(accepted, _stopping.Token) is { } http && !_http.Writer.TryWrite(http))
        {
            // Unbound meanwhile.
            await _sorter.DropAsync(http);
        }
    }
}
