using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Sidecar.Proxy.Sockets;

/// <summary>Binds the addresses of the server.</summary>
/// <param name="backlog">Connections that the kernel keeps for us while we are busy.</param>
/// <param name="time">Clock.</param>
internal sealed class LoopListenerFactory(int backlog, TimeProvider time) : IConnectionListenerFactory
{
    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Socket? socket = null;
        try
        {
            socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            socket.Listen(backlog);
            return new ValueTask<IConnectionListener>(new LoopListener(socket, time));
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            throw e.SocketErrorCode == SocketError.AddressAlreadyInUse ? new AddressInUseException(e.Message, e) : e;
        }
    }
}
