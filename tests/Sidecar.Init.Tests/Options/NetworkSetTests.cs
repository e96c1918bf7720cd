using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Init.Options;

namespace Sidecar.Init.Tests.Options;

public sealed class NetworkSetTests
{
    private static readonly Gen<IPNetwork> SomeNetwork =
        from isV6 in Gen.Elements(false, true)
        from bytes in Gen.Choose(0, 255).Select(static number => (byte)number).ArrayOf(isV6 ? 16 : 4)
        from length in Gen.Choose(0, bytes.Length * 8)
        select new IPNetwork(Masked(bytes, length), length);

    private static readonly Arbitrary<IPNetwork[]> SomeNetworks = SomeNetwork.ArrayOf().ToArbitrary();

    [Theory]
    [InlineData("10.0.0.0/8", "10.0.0.0/8")]
    [InlineData("192.0.2.1", "192.0.2.1/32")]
    [InlineData("fd00::/8, 10.0.0.0/8", "10.0.0.0/8,fd00::/8")]
    [InlineData("FD00:0:0::/8", "fd00::/8")]
    [InlineData("2001:db8::1", "2001:db8::1/128")]
    [InlineData("64:ff9b::192.0.2.0/124", "64:ff9b::c000:200/124")]
    [InlineData("10.0.0.0/8,10.1.0.0/16,10.2.3.4", "10.0.0.0/8")]
    [InlineData("10.1.0.0/16,10.0.0.0/8", "10.0.0.0/8")]
    [InlineData("10.0.0.0/9,10.128.0.0/9", "10.0.0.0/9,10.128.0.0/9")]
    [InlineData("0.0.0.0/0,10.0.0.0/8", "0.0.0.0/0")]
    [InlineData("::/0", "::/0")]
    public void Parse_GoodList_IsReadInOrderWithoutOverlap(string text, string expected) => Assert.Equal(expected, NetworkSet.Parse(text, Refused).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("10.0.0.0/8,")]
    [InlineData("10")]
    [InlineData("10.0.0")]
    [InlineData("10.0.0.256")]
    [InlineData("010.0.0.0/8")]
    [InlineData("0x0a.0.0.0/8")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/08")]
    [InlineData("10.0.0.0/8/8")]
    [InlineData("10.0.0.0/255.0.0.0")]
    [InlineData("10.0.0.0 /8")]
    [InlineData("10.0.0.0-10.0.0.9")]
    [InlineData("fd00::/129")]
    [InlineData("fe80::1%eth0")]
    [InlineData("[fd00::1]")]
    [InlineData("[fd00::1]:80")]
    [InlineData("fd00:::/8")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("example.com")]
    [InlineData("any")]
    [InlineData("10.0.0.0/8 } accept; ip daddr { 1.1.1.1")]
    [InlineData("10.0.0.0/8\n-A OUTPUT -j ACCEPT")]
    public void Parse_OneBadEntry_IsRefusedOnce(string text)
    {
        var refusals = new List<string>();

        NetworkSet.Parse(text, refusals.Add);

        Assert.Single(refusals);
    }

    [Fact]
    public void Parse_BitsBehindThePrefix_AreRefusedWithBothReadings()
    {
        var refusals = new List<string>();

        NetworkSet.Parse("10.1.2.3/8", refusals.Add);

        Assert.Equal("\"10.1.2.3/8\" has bits set behind its prefix: write 10.0.0.0/8, or 10.1.2.3 for the one address", Assert.Single(refusals));
    }

    [Fact]
    public void Parse_WhatWasWritten_GivesTheSameSet() => Prop.ForAll(
        SomeNetworks,
        static networks =>
        {
            var set = NetworkSet.Of(networks.Where(static network => !network.BaseAddress.IsIPv4MappedToIPv6));
            return set.Networks.IsEmpty || set.Networks.Length > ListText.MaximumEntries || NetworkSet.Parse(set.ToString(), Refused).Equals(set);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Of_AnyNetworks_KeepsTheAddressesAndNoOverlap() => Prop.ForAll(
        SomeNetworks,
        SomeNetwork.ToArbitrary(),
        static (networks, other) =>
        {
            var set = NetworkSet.Of(networks);
            return set.Contains(other.BaseAddress) == networks.Any(network => network.Contains(other.BaseAddress))
                && set.Networks.All(one => set.Networks.All(another => one.Equals(another) || !one.Contains(another.BaseAddress)));
        }).QuickCheckThrowOnFailure();

    private static IPAddress Masked(byte[] bytes, int length)
    {
        for (var bit = length; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPAddress(bytes);
    }

    private static void Refused(string reason) => Assert.Fail(reason);
}
