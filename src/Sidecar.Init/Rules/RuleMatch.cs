using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Sidecar.Init.Options;

namespace Sidecar.Init.Rules;

/// <summary>The first packet of a TCP connection, as a rule sees it.</summary>
/// <param name="Destination">The dialled address.</param>
/// <param name="Port">The dialled port.</param>
/// <param name="Uid">User of the dialling socket; of outbound connections only.</param>
/// <param name="Gid">Its group.</param>
/// <param name="Interface">By which it leaves or arrives; empty when unknown.</param>
/// <param name="IsLocal">Is the destination an address of this network namespace?</param>
public readonly record struct FirstPacket(IPAddress Destination, int Port, uint Uid = 0, uint Gid = 0, string Interface = "", bool IsLocal = false);

/// <summary>Which packets a rule is about. Closed: the writers know every kind.</summary>
public abstract record RuleMatch
{
    private RuleMatch()
    {
    }

    /// <summary>Does the rule apply to this packet?</summary>
    public abstract bool Matches(in FirstPacket packet);

    /// <summary>Every packet.</summary>
    public sealed record Anything : RuleMatch
    {
        /// <inheritdoc/>
        public override bool Matches(in FirstPacket packet) => true;
    }

    /// <summary>Sockets whose user and group are both the given ones.</summary>
    public sealed record Owner(uint Uid, uint Gid) : RuleMatch
    {
        /// <inheritdoc/>
        public override bool Matches(in FirstPacket packet) => packet.Uid == Uid && packet.Gid == Gid;
    }

    /// <summary>Destinations that are addresses of this network namespace, loopback included.</summary>
    public sealed record LocalDestination : RuleMatch
    {
        /// <inheritdoc/>
        public override bool Matches(in FirstPacket packet) => packet.IsLocal;
    }

    /// <summary>Every packet of IPv6.</summary>
    public sealed record Ipv6 : RuleMatch
    {
        /// <inheritdoc/>
        public override bool Matches(in FirstPacket packet) => packet.Destination.AddressFamily == AddressFamily.InterNetworkV6;
    }

    /// <summary>By which interface the packet leaves or arrives, as the direction of the rule has it.</summary>
    public sealed record Interfaces(ImmutableArray<string> Names) : RuleMatch
    {
        /// <inheritdoc/>
        public override bool Matches(in FirstPacket packet) => Names.Contains(packet.Interface);
    }

    /// <summary>Destinations in these networks.</summary>
    public sealed record Destinations(NetworkSet Networks) : RuleMatch
    {
        /// <inheritdoc/>
        public override bool Matches(in FirstPacket packet) => Networks.Contains(packet.Destination);
    }

    /// <summary>Destination ports among these.</summary>
    public sealed record DestinationPorts(PortSet Ports) : RuleMatch
    {
        /// <inheritdoc/>
        public override bool Matches(in FirstPacket packet) => Ports.Contains(packet.Port);
    }

    /// <summary>Destination ports other than these.</summary>
    public sealed record OtherPorts(PortSet Ports) : RuleMatch
    {
        /// <inheritdoc/>
        public override bool Matches(in FirstPacket packet) => !Ports.Contains(packet.Port);
    }
}
