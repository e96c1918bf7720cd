using System.Net;

namespace Sidecar.Proxy.Interception;

/// <summary>Decides whether an intercepted connection may be carried. Pure but for the addresses it asks for.</summary>
/// <param name="local">Addresses of this network namespace.</param>
/// <param name="isOwn">Has the proxy itself dialled the connection from this peer to this destination?</param>
/// <param name="ownPorts">Ports the proxy listens on.</param>
public sealed class LoopGuard(LocalAddresses local, Func<IPEndPoint, IPEndPoint, bool> isOwn, Func<IReadOnlyCollection<int>> ownPorts)
{
    /// <summary>Why the connection must be refused, a sentence for the log; null when it may be carried.</summary>
    /// <param name="kind">The listener it came in by.</param>
    /// <param name="original">Where it was dialled to; null when it was not redirected.</param>
    /// <param name="accepted">The local address of the accepted connection.</param>
    /// <param name="peer">Who dialled.</param>
    public string? Check(ListenerKind kind, IPEndPoint? original, IPEndPoint accepted, IPEndPoint peer)
    {
        if (original is null || original.Equals(OriginalDestination.Plain(accepted)))
        {
            return "The connection was not redirected: somebody dialled the listener itself.";
        }

        if (isOwn(peer, original))
        {
            return "The proxy's own connection came back to it: the redirect rules do not exempt its user.";
        }

        var isLocal = local.Contains(original.Address);
        if (isLocal && ownPorts().Contains(original.Port))
        {
            return "The destination is the proxy itself.";
        }

        return kind == ListenerKind.Inbound && !isLocal
            ? "The destination of an inbound connection is not an address of this pod."
            : null;
    }
}
