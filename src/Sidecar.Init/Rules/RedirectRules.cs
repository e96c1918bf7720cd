using System.Collections.Immutable;
using System.Net;
using Sidecar.Contract;
using Sidecar.Init.Options;

namespace Sidecar.Init.Rules;

/// <summary>One rule: packets that match go to a port of the proxy, or are left alone.</summary>
/// <param name="Match">Which packets.</param>
/// <param name="RedirectTo">The proxy's port; null leaves the packet alone.</param>
/// <param name="Comment">Stands beside the rule in the kernel: 1 to 100 characters, neither quotes nor backslashes.</param>
public sealed record RedirectRule(RuleMatch Match, int? RedirectTo, string Comment);

/// <summary>Options → ordered rules about TCP, the first match decides. No rule text: <see cref="RuleSetWriter"/> makes it.</summary>
public sealed class RedirectRules
{
    private const int DnsPort = 53;

    // The addresses at which the large clouds serve a machine's identity; the second is the IPv6 one of EC2.
    private static readonly NetworkSet MetadataAddresses = NetworkSet.Of(IPNetwork.Parse("169.254.169.254/32"), IPNetwork.Parse("fd00:ec2::254/128"));

    private RedirectRules(RedirectOptions options)
    {
        Outbound = [.. OutboundRules(options)];
        Inbound = [.. InboundRules(options)];
        IsIpv6Redirected = options.IsIpv6Redirected;
    }

    /// <summary>About connections that a process of the pod opens.</summary>
    public ImmutableArray<RedirectRule> Outbound { get; }

    /// <summary>About connections that arrive.</summary>
    public ImmutableArray<RedirectRule> Inbound { get; }

    /// <summary>Is there any rule about IPv6 beyond leaving it alone?</summary>
    public bool IsIpv6Redirected { get; }

    /// <summary>The rules of these options.</summary>
    public static RedirectRules Of(RedirectOptions options) => new(options);

    /// <summary>Where a list of rules sends a packet: the proxy's port, or null when it is left alone.</summary>
    public static int? Decide(ImmutableArray<RedirectRule> rules, in FirstPacket packet)
    {
        foreach (var rule in rules)
        {
            if (rule.Match.Matches(packet))
            {
                return rule.RedirectTo;
            }
        }

        return null;
    }

    // An application that calls its own Service passes the proxy once on the way out; the proxy's own connection is
    // spared by its owner, here, and, should it come back over lo, by the first rule of the other direction.
    private static IEnumerable<RedirectRule> OutboundRules(RedirectOptions options)
    {
        yield return LeaveAlone(new RuleMatch.Owner(options.ProxyUid, options.ProxyGid), "connections of the proxy itself");
        yield return LeaveAlone(new RuleMatch.LocalDestination(), "loopback and the addresses of the pod itself");
        foreach (var rule in ForBothDirections(options))
        {
            yield return rule;
        }

        if (!options.IsMetadataRedirected)
        {
            yield return LeaveAlone(new RuleMatch.Destinations(MetadataAddresses), "metadata addresses of the cloud");
        }

        if (!options.IsDnsRedirected)
        {
            yield return LeaveAlone(new RuleMatch.DestinationPorts(PortSet.Of(new PortRange(DnsPort, DnsPort))), "DNS over TCP");
        }

        if (options.SkipOutboundCidrs.Networks.Length > 0)
        {
            yield return LeaveAlone(new RuleMatch.Destinations(options.SkipOutboundCidrs), "skipped outbound networks");
        }

        foreach (var rule in AboutPorts(options.SkipOutboundPorts, options.IncludeOutboundPorts, "outbound"))
        {
            yield return rule;
        }

        yield return options.IncludeOutboundCidrs.Equals(NetworkSet.All)
            ? new RedirectRule(new RuleMatch.Anything(), options.OutboundPort, "everything else goes to the proxy")
            : new RedirectRule(new RuleMatch.Destinations(options.IncludeOutboundCidrs), options.OutboundPort, "included outbound networks go to the proxy");
    }

    private static IEnumerable<RedirectRule> InboundRules(RedirectOptions options)
    {
        yield return LeaveAlone(new RuleMatch.Interfaces(["lo"]), "what the pod sends to itself");
        foreach (var rule in ForBothDirections(options))
        {
            yield return rule;
        }

        int[] own = [options.OutboundPort, options.InboundPort, Ports.Admin, Ports.Metrics];
        yield return LeaveAlone(new RuleMatch.DestinationPorts(PortSet.Of(own.Select(static port => new PortRange(port, port)))), "ports of the proxy itself");
        foreach (var rule in AboutPorts(options.SkipInboundPorts, options.IncludeInboundPorts, "inbound"))
        {
            yield return rule;
        }

        yield return new RedirectRule(new RuleMatch.Anything(), options.InboundPort, "everything else goes to the proxy");
    }

    private static IEnumerable<RedirectRule> ForBothDirections(RedirectOptions options)
    {
        if (!options.IsIpv6Redirected)
        {
            yield return LeaveAlone(new RuleMatch.Ipv6(), "IPv6 is left alone");
        }

        if (options.SkipInterfaces.Length > 0)
        {
            yield return LeaveAlone(new RuleMatch.Interfaces(options.SkipInterfaces), "skipped interfaces");
        }
    }

    private static IEnumerable<RedirectRule> AboutPorts(PortSet skipped, PortSet included, string direction)
    {
        if (skipped.Ranges.Length > 0)
        {
            yield return LeaveAlone(new RuleMatch.DestinationPorts(skipped), $"skipped {direction} ports");
        }

        if (!included.Equals(PortSet.All))
        {
            yield return LeaveAlone(new RuleMatch.OtherPorts(included), $"not among the included {direction} ports");
        }
    }

    private static RedirectRule LeaveAlone(RuleMatch match, string comment) => new(match, RedirectTo: null, comment);
}
