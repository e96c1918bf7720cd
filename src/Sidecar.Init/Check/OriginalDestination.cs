using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Sidecar.Init.Check;

/// <summary>The address that was dialled before a redirect rewrote it, from the accepted socket.</summary>
public static class OriginalDestination
{
    // SO_ORIGINAL_DST of linux/netfilter_ipv4.h and IP6T_SO_ORIGINAL_DST of linux/netfilter_ipv6/ip6_tables.h.
    private const int OptionName = 80;
    private const int LevelIp = 0;
    private const int LevelIpv6 = 41;

    /// <summary>The address; null when the kernel knows none because the connection was not redirected.</summary>
    public static IPEndPoint? Of(Socket accepted)
    {
        var isV6 = accepted.AddressFamily == AddressFamily.InterNetworkV6;
        Span<byte> address = stackalloc byte[28];
        try
        {
            accepted.GetRawSocketOption(isV6 ? LevelIpv6 : LevelIp, OptionName, address[..(isV6 ? 28 : 16)]);
        }
        catch (SocketException)
        {
            return null;
        }

        return Read(address, isV6);
    }

    // struct sockaddr_in: family, port, address. struct sockaddr_in6: family, port, flow information, address.
    private static IPEndPoint Read(ReadOnlySpan<byte> address, bool isV6) =>
        new(new IPAddress(isV6 ? address[8..24] : address[4..8]), BinaryPrimitives.ReadUInt16BigEndian(address[2..4]));
}
