using Sidecar.Contract;

namespace Sidecar.Init.Options;

/// <summary>One option: its names and its help. All of them take one value and can be set in the environment.</summary>
/// <param name="Flag">On the command line; wins over the environment.</param>
/// <param name="Variable">In the environment.</param>
/// <param name="ValueName">Stands for the value in the help.</param>
/// <param name="Default">The value when neither is set or both are empty; empty means none.</param>
/// <param name="Description">One line for the help.</param>
/// <param name="Annotation">The pod annotation whose value it takes; null when there is none.</param>
public sealed record RedirectOption(string Flag, string Variable, string ValueName, string Default, string Description, string? Annotation = null)
{
    /// <summary>nft or iptables.</summary>
    public static RedirectOption Backend { get; } = new(
        "--backend", EnvironmentVariables.RedirectBackend, "nft|iptables", "nft", "What writes the rules; nft needs kernel 5.2 or later. Run clean before changing it.");

    /// <summary>User id of the proxy.</summary>
    public static RedirectOption ProxyUid { get; } = new(
        "--proxy-uid", EnvironmentVariables.ProxyUid, "uid", $"{ProxyIdentity.Uid}", "User id of the proxy. Sockets with its user and its group are not redirected.");

    /// <summary>Group id of the proxy.</summary>
    public static RedirectOption ProxyGid { get; } = new(
        "--proxy-gid", EnvironmentVariables.ProxyGid, "gid", $"{ProxyIdentity.Gid}", "Group id of the proxy.");

    /// <summary>User ids of the application.</summary>
    public static RedirectOption ApplicationUids { get; } = new(
        "--app-uids", EnvironmentVariables.ApplicationUids, "uids", "", "User ids of the pod's other containers; one that is the proxy's is refused, since its connections would bypass the proxy.");

    /// <summary>The proxy's port for outbound connections.</summary>
    public static RedirectOption OutboundPort { get; } = new(
        "--outbound-port", EnvironmentVariables.OutboundPort, "port", $"{Ports.Outbound}", "The proxy's port for connections that the application opens.");

    /// <summary>The proxy's port for inbound connections.</summary>
    public static RedirectOption InboundPort { get; } = new(
        "--inbound-port", EnvironmentVariables.InboundPort, "port", $"{Ports.Inbound}", "The proxy's port for connections that arrive.");

    /// <summary>The only outbound ports.</summary>
    public static RedirectOption IncludeOutboundPorts { get; } = new(
        "--include-outbound-ports", EnvironmentVariables.IncludeOutboundPorts, "ports", "1-65535", "Redirect only these destination ports. With --include-outbound-cidrs both must match.");

    /// <summary>Outbound ports that are left alone.</summary>
    public static RedirectOption SkipOutboundPorts { get; } = new(
        "--skip-outbound-ports", EnvironmentVariables.SkipOutboundPorts, "ports", "", "Do not redirect these destination ports, such as 25,3000-3010.", Annotations.SkipOutboundPorts);

    /// <summary>The only outbound networks.</summary>
    public static RedirectOption IncludeOutboundCidrs { get; } = new(
        "--include-outbound-cidrs", EnvironmentVariables.IncludeOutboundCidrs, "cidrs", "0.0.0.0/0,::/0", "Redirect only these destinations. A family that is not named is not redirected.");

    /// <summary>Outbound networks that are left alone.</summary>
    public static RedirectOption SkipOutboundCidrs { get; } = new(
        "--skip-outbound-cidrs", EnvironmentVariables.SkipOutboundCidrs, "cidrs", "", "Do not redirect these destinations, such as 10.96.0.0/12,fd00::/8.", Annotations.SkipOutboundCidrs);

    /// <summary>The only inbound ports.</summary>
    public static RedirectOption IncludeInboundPorts { get; } = new(
        "--include-inbound-ports", EnvironmentVariables.IncludeInboundPorts, "ports", "1-65535", "Redirect only these ports of the pod.");

    /// <summary>Inbound ports that are left alone.</summary>
    public static RedirectOption SkipInboundPorts { get; } = new(
        "--skip-inbound-ports", EnvironmentVariables.SkipInboundPorts, "ports", "", "Do not redirect these ports of the pod. The proxy's own never are.", Annotations.SkipInboundPorts);

    /// <summary>Interfaces that are left alone.</summary>
    public static RedirectOption SkipInterfaces { get; } = new(
        "--skip-interfaces", EnvironmentVariables.SkipInterfaces, "names", "", "Do not redirect what leaves or arrives by these interfaces, such as net1,net2.");

    /// <summary>TCP port 53.</summary>
    public static RedirectOption Dns { get; } = new(
        "--dns", EnvironmentVariables.RedirectDns, "skip|redirect", "skip", "DNS over TCP (port 53). UDP is never redirected.");

    /// <summary>The metadata address.</summary>
    public static RedirectOption Metadata { get; } = new(
        "--metadata", EnvironmentVariables.RedirectMetadata, "skip|redirect", "skip", "The cloud's metadata addresses, 169.254.169.254 and fd00:ec2::254.");

    /// <summary>IPv6.</summary>
    public static RedirectOption Ipv6 { get; } = new(
        "--ipv6", EnvironmentVariables.RedirectIpv6, "on|off", "on", "off leaves IPv6 alone, for a node that has no IPv6 tables.");

    /// <summary>In the order of the help.</summary>
    public static IReadOnlyList<RedirectOption> All { get; } =
    [
        Backend, OutboundPort, InboundPort, ProxyUid, ProxyGid, ApplicationUids,
        IncludeOutboundPorts, SkipOutboundPorts, IncludeOutboundCidrs, SkipOutboundCidrs,
        IncludeInboundPorts, SkipInboundPorts, SkipInterfaces, Dns, Metadata, Ipv6,
    ];
}
