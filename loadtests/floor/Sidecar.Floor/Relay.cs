using System.Net;
using System.Net.Sockets;

namespace Sidecar.Floor;

/// <summary>Bytes, unread, in both directions: what sockets alone cost here.</summary>
internal static class Relay
{
    /// <summary>Carries one connection until either side closes.</summary>
    public static async Task ServeAsync(Socket caller, IPEndPoint address)
    {
        using var upstream = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await upstream.ConnectAsync(address);
        await Task.WhenAny(CopyAsync(caller, upstream), CopyAsync(upstream, caller));
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await from.ReceiveAsync(buffer.AsMemory())) > 0)
        {
            await to.SendAsync(buffer.AsMemory(0, read));
        }
    }
}
