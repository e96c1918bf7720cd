using System.Collections.Immutable;
using Sidecar.Contract;

namespace Sidecar.Init.Options;

/// <summary>What writes the rules into the kernel.</summary>
public enum RedirectBackend
{
    /// <summary>One table of nftables for both families; kernel 5.2 or later.</summary>
    Nft,

    /// <summary>Chains in the table <c>nat</c> of iptables and of ip6tables.</summary>
    Iptables,
}

/// <summary>Validated options: every value may be written into a rule as it is.</summary>
public sealed record RedirectOptions
{
    /// <summary>Default: nft.</summary>
    public RedirectBackend Backend { get; init; }

    /// <summary>User id of the proxy; never 0.</summary>
    public uint ProxyUid { get; init; } = ProxyIdentity.Uid;

    /// <summary>Group id of the proxy; never 0.</summary>
    public uint ProxyGid { get; init; } = ProxyIdentity.Gid;

    /// <summary>Where outbound connections are redirected to.</summary>
    public int OutboundPort { get; init; } = Ports.Outbound;

    /// <summary>Where inbound connections are redirected to.</summary>
    public int InboundPort { get; init; } = Ports.Inbound;

    /// <summary>Only these destination ports are redirected.</summary>
    public PortSet IncludeOutboundPorts { get; init; } = PortSet.All;

    /// <summary>These destination ports are not; stronger than including.</summary>
    public PortSet SkipOutboundPorts { get; init; } = PortSet.None;

    /// <summary>Only these destinations are redirected; a family that is not named is not redirected at all.</summary>
    public NetworkSet IncludeOutboundCidrs { get; init; } = NetworkSet.All;

    /// <summary>These destinations are not; stronger than including.</summary>
    public NetworkSet SkipOutboundCidrs { get; init; } = NetworkSet.None;

    /// <summary>Only these ports of the pod are redirected.</summary>
    public PortSet IncludeInboundPorts { get; init; } = PortSet.All;

    /// <summary>These ports of the pod are not; stronger than including.</summary>
    public PortSet SkipInboundPorts { get; init; } = PortSet.None;

    /// <summary>What leaves or arrives by these interfaces is not redirected.</summary>
    public ImmutableArray<string> SkipInterfaces { get; init; } = [];

    /// <summary>Is TCP to port 53 redirected? UDP never is.</summary>
    public bool IsDnsRedirected { get; init; }

    /// <summary>Is the cloud's metadata address redirected?</summary>
    public bool IsMetadataRedirected { get; init; }

    /// <summary>Is IPv6 redirected? Otherwise it is left alone in both directions.</summary>
    public bool IsIpv6Redirected { get; init; } = true;
}
