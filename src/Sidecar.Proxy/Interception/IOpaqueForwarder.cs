using System.Net.Sockets;

namespace Sidecar.Proxy.Interception;

/// <summary>An upstream connection that was dialled for an intercepted one.</summary>
public interface IOpaqueUpstream
{
    /// <summary>The upstream's side.</summary>
    Socket Socket { get; }

    /// <summary>It turned out not to be needed: closes it, and nothing is accounted.</summary>
    void Abandon();
}

/// <summary>Carries what is not HTTP. Implemented below, where routes and policies are known.</summary>
public interface IOpaqueForwarder
{
    /// <summary>
    /// Dials for a connection. Null when that failed: then the failure has been mirrored to the client and accounted. Never
    /// throws.
    /// </summary>
    /// <param name="connection">The client's side.</param>
    /// <param name="hello">What a TLS client said; null when nothing is known.</param>
    /// <param name="stopping">The process ends.</param>
    ValueTask<IOpaqueUpstream?> DialAsync(InterceptedConnection connection, ClientHello? hello, CancellationToken stopping);

    /// <summary>Would <see cref="DialAsync"/> dial elsewhere, now that the client has spoken?</summary>
    bool NeedsAnother(IOpaqueUpstream upstream, InterceptedConnection connection, ClientHello? hello);

    /// <summary>The upstream reset the connection before anybody spoke: the client sees the same, and it is accounted.</summary>
    void MirrorReset(InterceptedConnection connection, IOpaqueUpstream upstream);

    /// <summary>Copies both ways until both ends are done; closes both. Never throws.</summary>
    Task CarryAsync(InterceptedConnection connection, IOpaqueUpstream upstream, string protocol, ClientHello? hello, CancellationToken stopping);
}
