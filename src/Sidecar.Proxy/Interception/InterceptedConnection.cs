using System.Net;
using System.Net.Sockets;
using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Interception;

/// <summary>An accepted connection that the kernel's rules turned to us.</summary>
/// <param name="socket">The client's side.</param>
/// <param name="feature">Listener, original destination and refusal.</param>
/// <param name="peer">Who dialled.</param>
public sealed class InterceptedConnection(Socket socket, ListenerFeature feature, IPEndPoint peer)
{
    /// <summary>The client's side.</summary>
    public Socket Socket { get; } = socket;

    /// <summary>Listener, original destination and refusal.</summary>
    public ListenerFeature Feature { get; } = feature;

    /// <summary>Who dialled.</summary>
    public IPEndPoint Peer { get; } = peer;

    /// <summary>Which way it goes.</summary>
    public Direction Direction => Feature.Direction;

    /// <summary>Where the application dialled; only to be asked where <see cref="ListenerFeature.Refusal"/> is null.</summary>
    public IPEndPoint Original => Feature.Original ?? throw new InvalidOperationException("The connection was not redirected.");

    /// <summary>Closes with a reset, as a kernel would that refuses.</summary>
    public void Reset() => SocketReset.Close(Socket);
}
