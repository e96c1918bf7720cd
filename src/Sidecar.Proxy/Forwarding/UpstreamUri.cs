namespace Sidecar.Proxy.Forwarding;

/// <summary>Destination and raw target → the address of one attempt, without touching a byte of the target.</summary>
public static class UpstreamUri
{
    private static readonly UriCreationOptions Raw = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>The address of an attempt.</summary>
    /// <param name="destination">Scheme, authority and perhaps a path prefix.</param>
    /// <param name="pathAndQuery">Starts with <c>/</c>.</param>
    public static Uri Create(Uri destination, string pathAndQuery)
    {
        var prefix = destination.AbsolutePath;
        var address = prefix.Length <= 1
            ? string.Concat(destination.Scheme, "://", destination.Authority, pathAndQuery)
            : string.Concat(string.Concat(destination.Scheme, "://", destination.Authority), prefix.AsSpan().TrimEnd('/'), pathAndQuery);
        return new Uri(address, Raw);
    }
}
