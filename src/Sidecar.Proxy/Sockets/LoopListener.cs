using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Sidecar.Proxy.Sockets;

/// <summary>Accepts connections and gives each to an event loop. Accepting itself is rare, and stays with the platform's engine.</summary>
/// <param name="bound">Made by the platform's own rules for addresses; listening.</param>
/// <param name="time">Clock.</param>
internal sealed class LoopListener(Socket bound, TimeProvider time) : IConnectionListener
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);

    /// <inheritdoc/>
    public EndPoint EndPoint { get; } = bound.LocalEndPoint!;

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                return Connection(await bound.AcceptAsync(cancellationToken));
            }
            catch (ObjectDisposedException)
            {
                return null;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.OperationAborted)
            {
                return null;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionAborted)
            {
                // The caller left before it was accepted.
            }
            catch (SocketException)
            {
                // Descriptors or memory ran out. The connection stays in the queue and the next accept would fail at once.
                await Task.Delay(s_pause, time, cancellationToken);
            }
        }
    }

    private static LoopConnection Connection(Socket accepted)
    {
        try
        {
            accepted.NoDelay = true;
            return new LoopConnection(new LoopSocket(accepted));
        }
        catch
        {
            accepted.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        bound.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => UnbindAsync();
}
