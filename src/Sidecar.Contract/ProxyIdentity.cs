namespace Sidecar.Contract;

/// <summary>Who the proxy is in a pod. Redirect rules spare sockets that have both, so no application may have this user.</summary>
public static class ProxyIdentity
{
    /// <summary>User id of the proxy's container, and <c>USER</c> of its image.</summary>
    public const uint Uid = 6102;

    /// <summary>Group id of the proxy's container, and <c>USER</c> of its image.</summary>
    public const uint Gid = 6102;
}
