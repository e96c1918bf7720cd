using System.Collections.Immutable;
using System.Net;
using Sidecar.Init.Options;
using Sidecar.Init.Rules;

namespace Sidecar.Init.Tests.Rules;

public sealed class RedirectRulesTests
{
    private const int Outbound = 15101;
    private const int Inbound = 15106;

    [Theory]
    [InlineData("192.0.2.1", 80, Outbound)]
    [InlineData("2001:db8::1", 443, Outbound)]
    [InlineData("192.0.2.1", 53, null)]
    [InlineData("169.254.169.254", 80, null)]
    [InlineData("fd00:ec2::254", 80, null)]
    [InlineData("169.254.169.253", 80, Outbound)]
    public void Outbound_Defaults(string address, int port, int? expected) => Assert.Equal(expected, Decide(new RedirectOptions(), address, port));

    [Theory]
    [InlineData(6102, 6102, null)]
    [InlineData(6102, 0, Outbound)]
    [InlineData(1000, 6102, Outbound)]
    [InlineData(0, 0, Outbound)]
    public void Outbound_Owner_IsSparedOnlyWithUserAndGroup(int uid, int gid, int? expected) => Assert.Equal(
        expected,
        RedirectRules.Decide(RedirectRules.Of(new RedirectOptions()).Outbound, new FirstPacket(IPAddress.Parse("192.0.2.1"), 80, (uint)uid, (uint)gid)));

    [Fact]
    public void Outbound_OwnAddress_IsLeftAlone() => Assert.Null(
        RedirectRules.Decide(RedirectRules.Of(new RedirectOptions()).Outbound, new FirstPacket(IPAddress.Parse("10.0.0.7"), 80, IsLocal: true)));

    [Theory]
    [InlineData("169.254.169.254", 80)]
    [InlineData("192.0.2.1", 53)]
    public void Outbound_DnsAndMetadataOnRequest_AreRedirected(string address, int port) =>
        Assert.Equal(Outbound, Decide(new RedirectOptions { IsDnsRedirected = true, IsMetadataRedirected = true }, address, port));

    [Theory]
    [InlineData("10.1.2.3", 80, Outbound)]
    [InlineData("10.1.2.3", 81, null)]
    [InlineData("10.1.2.3", 443, null)]
    [InlineData("10.9.0.1", 80, null)]
    [InlineData("192.0.2.1", 80, null)]
    [InlineData("2001:db8::1", 80, null)]
    public void Outbound_IncludedAndSkipped_BothMustMatchAndSkippingWins(string address, int port, int? expected)
    {
        var options = new RedirectOptions
        {
            IncludeOutboundPorts = PortSet.Parse("80,443", Assert.Fail),
            SkipOutboundPorts = PortSet.Parse("443", Assert.Fail),
            IncludeOutboundCidrs = NetworkSet.Parse("10.0.0.0/8", Assert.Fail),
            SkipOutboundCidrs = NetworkSet.Parse("10.9.0.0/16", Assert.Fail),
        };

        Assert.Equal(expected, Decide(options, address, port));
    }

    [Theory]
    [InlineData("eth0", 8080, Inbound)]
    [InlineData("eth0", 15100, null)]
    [InlineData("eth0", 15101, null)]
    [InlineData("eth0", 15106, null)]
    [InlineData("eth0", 15120, null)]
    [InlineData("eth0", 22, null)]
    [InlineData("lo", 8080, null)]
    [InlineData("net1", 8080, null)]
    public void Inbound_SkipsLoopbackItsOwnPortsAndWhatWasSaid(string @interface, int port, int? expected)
    {
        var options = new RedirectOptions { SkipInboundPorts = PortSet.Parse("22", Assert.Fail), SkipInterfaces = ["net1"] };

        Assert.Equal(expected, RedirectRules.Decide(RedirectRules.Of(options).Inbound, new FirstPacket(IPAddress.Parse("10.0.0.7"), port, Interface: @interface)));
    }

    [Fact]
    public void Ipv6Off_LeavesIpv6AloneInBothDirections()
    {
        var rules = RedirectRules.Of(new RedirectOptions { IsIpv6Redirected = false });
        var packet = new FirstPacket(IPAddress.Parse("2001:db8::1"), 80, Interface: "eth0");

        Assert.Null(RedirectRules.Decide(rules.Outbound, packet));
        Assert.Null(RedirectRules.Decide(rules.Inbound, packet));
    }

    [Fact]
    public void Comments_OfEveryRule_CanStandInBothTexts()
    {
        var everything = new RedirectOptions
        {
            IncludeOutboundPorts = PortSet.Parse("80", Assert.Fail),
            SkipOutboundPorts = PortSet.Parse("80", Assert.Fail),
            IncludeInboundPorts = PortSet.Parse("80", Assert.Fail),
            SkipInboundPorts = PortSet.Parse("80", Assert.Fail),
            IncludeOutboundCidrs = NetworkSet.Parse("10.0.0.0/8", Assert.Fail),
            SkipOutboundCidrs = NetworkSet.Parse("10.0.0.0/8", Assert.Fail),
            SkipInterfaces = ["eth1"],
            IsIpv6Redirected = false,
        };
        ImmutableArray<RedirectRule> rules =
        [
            .. RedirectRules.Of(everything).Outbound, .. RedirectRules.Of(everything).Inbound,
            .. RedirectRules.Of(new RedirectOptions()).Outbound, .. RedirectRules.Of(new RedirectOptions()).Inbound,
        ];

        Assert.All(rules, static rule => Assert.Matches("^[A-Za-z0-9 ]{1,100}$", rule.Comment));
    }

    private static int? Decide(RedirectOptions options, string address, int port) =>
        RedirectRules.Decide(RedirectRules.Of(options).Outbound, new FirstPacket(IPAddress.Parse(address), port, Uid: 1000, Gid: 1000));
}
