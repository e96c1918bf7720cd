using System.Buffers.Binary;
using System.Net;
using Sidecar.Proxy.Interception;

namespace Sidecar.Proxy.Tests.Interception;

public class OriginalDestinationTests
{
    [Fact]
    public void Decode_Ipv4_IsAddressAndPort() =>
        Assert.Equal(IPEndPoint.Parse("10.1.2.3:8080"), OriginalDestination.Decode(SockaddrIn("10.1.2.3", 8080)));

    [Fact]
    public void Decode_Ipv6_IsAddressAndPort() =>
        Assert.Equal(IPEndPoint.Parse("[2001:db8::7]:443"), OriginalDestination.Decode(SockaddrIn6("2001:db8::7", 443)));

    [Fact]
    public void Decode_LinkLocal_KeepsItsScope() =>
        Assert.Equal(new IPEndPoint(IPAddress.Parse("fe80::1%3"), 80), OriginalDestination.Decode(SockaddrIn6("fe80::1", 80, scope: 3)));

    [Fact]
    public void Decode_MoreThanIsNeeded_IsRead() =>
        Assert.Equal(IPEndPoint.Parse("10.1.2.3:80"), OriginalDestination.Decode([.. SockaddrIn("10.1.2.3", 80), 1, 2, 3]));

    [Fact]
    public void Decode_CutAtEveryByte_IsNothing()
    {
        foreach (var whole in new[] { SockaddrIn("10.1.2.3", 80), SockaddrIn6("::1", 80) })
        {
            for (var length = 0; length < whole.Length; length++)
            {
                Assert.Null(OriginalDestination.Decode(whole.AsSpan(0, length)));
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)] // AF_UNIX
    [InlineData(3)]
    [InlineData(0x0200)] // AF_INET in the wrong byte order
    [InlineData(ushort.MaxValue)]
    public void Decode_OtherFamily_IsNothing(ushort family)
    {
        var bytes = SockaddrIn6("::1", 80);
        BitConverter.TryWriteBytes(bytes, family);

        Assert.Null(OriginalDestination.Decode(bytes));
    }

    [Theory]
    [InlineData("[::ffff:10.1.2.3]:80", "10.1.2.3:80")]
    [InlineData("10.1.2.3:80", "10.1.2.3:80")]
    [InlineData("[2001:db8::7]:443", "[2001:db8::7]:443")]
    public void Plain_OneAddress_HasOneSpelling(string written, string plain) =>
        Assert.Equal(IPEndPoint.Parse(plain), OriginalDestination.Plain(IPEndPoint.Parse(written)));

    private static byte[] SockaddrIn(string address, ushort port)
    {
        var bytes = new byte[16];
        BitConverter.TryWriteBytes(bytes, (ushort)2);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), port);
        IPAddress.Parse(address).GetAddressBytes().CopyTo(bytes, 4);
        return bytes;
    }

    private static byte[] SockaddrIn6(string address, ushort port, uint scope = 0)
    {
        var bytes = new byte[28];
        BitConverter.TryWriteBytes(bytes, (ushort)10);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), port);
        IPAddress.Parse(address).GetAddressBytes().CopyTo(bytes, 8);
        BitConverter.TryWriteBytes(bytes.AsSpan(24), scope);
        return bytes;
    }
}
