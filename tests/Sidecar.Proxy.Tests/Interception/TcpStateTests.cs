using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Sidecar.Proxy.Interception;

namespace Sidecar.Proxy.Tests.Interception;

public class TcpStateTests
{
    [Fact]
    public async Task SilenceOfPeer_BytesThatNobodyRead_EndIt()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var caller = new TcpClient();
        await caller.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var accepted = await listener.AcceptSocketAsync();
        while (TcpState.SilenceOfPeer(accepted) < TimeSpan.FromMilliseconds(300))
        {
            await Task.Delay(10);
        }

        var sinceSent = Stopwatch.StartNew();
        await caller.Client.SendAsync("x"u8.ToArray());
        Assert.True(accepted.Poll(-1, SelectMode.SelectRead));
        var silence = TcpState.SilenceOfPeer(accepted);

        // The kernel's clock ticks every few milliseconds.
        Assert.True(silence <= sinceSent.Elapsed + TimeSpan.FromMilliseconds(20), $"{silence} after {sinceSent.Elapsed}");
    }

    [Fact]
    public void SilenceOfPeer_ClosedSocket_IsNotKnown()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Dispose();

        Assert.Null(TcpState.SilenceOfPeer(socket));
    }
}
