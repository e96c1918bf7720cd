using System.Net;

namespace Sidecar.Proxy.Upstream;

/// <summary>Turns a name into addresses; tests script it.</summary>
public interface INameResolver
{
    /// <summary>Every A and AAAA record.</summary>
    /// <param name="name">Host name or IP literal.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="System.Net.Sockets.SocketException">The name did not resolve.</exception>
    Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancellationToken);
}

/// <summary>The operating system's resolver: hosts file, search domains and all. Never blocks the caller's thread.</summary>
public sealed class SystemNameResolver : INameResolver
{
    /// <inheritdoc/>
    public Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancellationToken) =>
        Dns.GetHostAddressesAsync(name, cancellationToken);
}
