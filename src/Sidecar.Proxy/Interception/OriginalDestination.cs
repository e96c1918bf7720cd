using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Sidecar.Proxy.Interception;

/// <summary>Where a redirected connection was dialled to, before the kernel's rules turned it to us.</summary>
public static class OriginalDestination
{
    // include/uapi/linux/netfilter_ipv4.h and netfilter_ipv6/ip6_tables.h: SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST.
    private const int SolIp = 0, SolIpv6 = 41, SoOriginalDst = 80;
    private const int AddressFamilyInet = 2, AddressFamilyInet6 = 10;
    private const int SockaddrIn = 16, SockaddrIn6 = 28;

    /// <summary>
    /// Asks the connection's socket. Null when the kernel knows of no redirection. A connection that was not redirected
    /// may also give its own local address, when connection tracking is on: equal addresses mean a direct dial.
    /// </summary>
    public static IPEndPoint? Read(Socket socket)
    {
        Span<byte> address = stackalloc byte[SockaddrIn6];
        var isIpv4 = socket.AddressFamily == AddressFamily.InterNetwork
            || socket.RemoteEndPoint is IPEndPoint { Address.IsIPv4MappedToIPv6: true };
        try
        {
            var length = isIpv4
                ? socket.GetRawSocketOption(SolIp, SoOriginalDst, address[..SockaddrIn])
                : socket.GetRawSocketOption(SolIpv6, SoOriginalDst, address);
            return Decode(address[..length]);
        }
        catch (SocketException)
        {
            // ENOENT: no entry in the connection tracking table. ENOPROTOOPT: no netfilter at all.
            return null;
        }
    }

    /// <summary>A Linux <c>sockaddr_in</c> or <c>sockaddr_in6</c>; null for anything else. Pure.</summary>
    public static IPEndPoint? Decode(ReadOnlySpan<byte> sockaddr)
    {
        if (sockaddr.Length < 4)
        {
            return null;
        }

        // The family is in the machine's byte order, the port in the network's.
        var family = BitConverter.ToUInt16(sockaddr);
        var port = BinaryPrimitives.ReadUInt16BigEndian(sockaddr[2..]);
        return family switch
        {
            AddressFamilyInet when sockaddr.Length >= SockaddrIn => new IPEndPoint(new IPAddress(sockaddr.Slice(4, 4)), port),
            AddressFamilyInet6 when sockaddr.Length >= SockaddrIn6 => new IPEndPoint(
                new IPAddress(sockaddr.Slice(8, 16), BitConverter.ToUInt32(sockaddr[24..])), port),
            _ => null,
        };
    }

    /// <summary>One spelling per address: IPv4 in IPv6 clothes is IPv4.</summary>
    public static IPEndPoint Plain(IPEndPoint endPoint) =>
        endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
}
