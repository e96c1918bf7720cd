using System.Net;
using System.Net.Sockets;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Forwarding;
using Sidecar.TestKit;
using Sidecar.TestKit.Network;

namespace Sidecar.Proxy.Tests.Forwarding;

/// <summary>Between the two ends that an application and its server hold, nothing may look different from one connection.</summary>
public sealed class TcpCopyTests : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ManualTimeProvider _time = new();
    private readonly Socket _application, _server;
    private readonly Task<TcpCopyEnd> _copy;
    private readonly List<Socket> _middle = [];

    public TcpCopyTests()
    {
        (_application, var client) = Connect();
        (var upstream, _server) = Connect();
        _middle.AddRange([client, upstream]);
        _copy = TcpCopy.RunAsync(client, upstream, _time, _stopping.Token);
    }

    public void Dispose()
    {
        _application.Dispose();
        _server.Dispose();
        _stopping.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task RunAsync_BothWaysAtOnce_GivesTheSameBytes(int seed)
    {
        var random = new SeededRandom(seed);
        var (there, back) = (RandomBytes(random, random.Next(1, 4 << 20)), RandomBytes(random, random.Next(1, 4 << 20)));
        var sends = new[] { SendAsync(_application, there, new SeededRandom(seed + 10)), SendAsync(_server, back, new SeededRandom(seed + 20)) };

        var seenByServer = ReceiveAsync(_server, new SeededRandom(seed + 30));
        var seenByApplication = ReceiveAsync(_application, new SeededRandom(seed + 40));

        Assert.Equal(there, await Patience.Await(seenByServer, "the server has it all"));
        Assert.Equal(back, await Patience.Await(seenByApplication, "the application has it all"));
        await Task.WhenAll(sends);
        Assert.Equal(new TcpCopyEnd(there.Length, back.Length, ProxyError.None), await EndAsync());
    }

    [Fact]
    public async Task RunAsync_HalfCloseOfTheApplication_TheServerMayStillSpeak()
    {
        await _application.SendAsync("question"u8.ToArray());
        _application.Shutdown(SocketShutdown.Send);

        Assert.Equal("question"u8.ToArray(), await Patience.Await(ReceiveAsync(_server), "the server sees the end"));
        await _server.SendAsync("answer"u8.ToArray());
        Assert.False(_copy.IsCompleted);
        _server.Shutdown(SocketShutdown.Send);

        Assert.Equal("answer"u8.ToArray(), await Patience.Await(ReceiveAsync(_application), "the application has its answer"));
        Assert.Equal(new TcpCopyEnd(8, 6, ProxyError.None), await EndAsync());
    }

    [Fact]
    public async Task RunAsync_HalfCloseOfTheServer_TheApplicationMayStillSpeak()
    {
        _server.Shutdown(SocketShutdown.Send);

        Assert.Empty(await Patience.Await(ReceiveAsync(_application), "the application sees the end"));
        await _application.SendAsync("more"u8.ToArray());
        _application.Shutdown(SocketShutdown.Send);

        Assert.Equal("more"u8.ToArray(), await Patience.Await(ReceiveAsync(_server), "the server hears it"));
        Assert.Equal(new TcpCopyEnd(4, 0, ProxyError.None), await EndAsync());
    }

    [Theory]
    [InlineData(true, ProxyError.CallerGone)]
    [InlineData(false, ProxyError.UpstreamClosed)]
    public async Task RunAsync_ResetOfOneSide_IsAResetForTheOtherAndNamed(bool isApplications, ProxyError error)
    {
        var (one, other) = isApplications ? (_application, _server) : (_server, _application);
        await one.SendAsync("last words"u8.ToArray());
        await Patience.Await(other.ReceiveAsync(new byte[100]), "words arrive");

        Reset(one);

        Assert.Equal(SocketError.ConnectionReset, await ErrorAsync(other));
        Assert.Equal(error, (await EndAsync()).Error);
    }

    [Theory]
    [InlineData(true, ProxyError.CallerGone)]
    [InlineData(false, ProxyError.UpstreamClosed)]
    public async Task RunAsync_ResetOfAReader_IsAResetForItsWriterAndNamed(bool isApplications, ProxyError error)
    {
        var (reader, writer) = isApplications ? (_application, _server) : (_server, _application);
        var writing = FillAsync(writer);
        await Patience.Await(reader.ReceiveAsync(new byte[100]), "bytes flow");

        Reset(reader);

        Assert.Contains(await Patience.Await(writing, "the writer is told"), new[] { SocketError.ConnectionReset, SocketError.Shutdown });
        Assert.Equal(error, (await EndAsync()).Error);
    }

    [Theory]
    [InlineData(true, ProxyError.UpstreamClosed)]
    [InlineData(false, ProxyError.CallerGone)]
    public async Task RunAsync_ResetAfterTheOtherHasHalfClosed_IsStillAReset(bool isApplications, ProxyError error)
    {
        var (one, other) = isApplications ? (_application, _server) : (_server, _application);
        one.Shutdown(SocketShutdown.Send);
        Assert.Empty(await Patience.Await(ReceiveAsync(other), "the end arrives"));

        Reset(other);

        Assert.Equal(SocketError.ConnectionReset, await ErrorAsync(one));
        Assert.Equal(error, (await EndAsync()).Error);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RunAsync_ReaderThatStops_StopsItsWriterAndLosesNothing(bool isApplications)
    {
        var (writer, reader) = isApplications ? (_application, _server) : (_server, _application);
        var written = await FillUpAsync(writer);

        Assert.False(_copy.IsCompleted);
        writer.Shutdown(SocketShutdown.Send);
        reader.Shutdown(SocketShutdown.Send);
        Assert.Equal(written, (await Patience.Await(ReceiveAsync(reader), "all of it arrives")).LongLength);
        Assert.Equal(written, isApplications ? (await EndAsync()).Sent : (await EndAsync()).Received);
    }

    // Nobody reads from the writer while the copy waits for the reader to take more.
    [Theory]
    [InlineData(true, ProxyError.CallerGone)]
    [InlineData(false, ProxyError.UpstreamClosed)]
    public async Task RunAsync_ResetOfAWriterWhoseReaderHasStopped_IsAResetForTheReader(bool isApplications, ProxyError error)
    {
        var (writer, reader) = isApplications ? (_application, _server) : (_server, _application);
        await FillUpAsync(writer);

        Reset(writer);
        await Patience.Await(_time.WaitForTimersAsync(1), "the copy waits");
        await Patience.Eventually(
            () =>
            {
                _time.Advance(BlockedWriteWatch.Interval);
                return Task.FromResult(_copy.IsCompleted);
            },
            "the reset is seen");

        Assert.Equal(error, (await EndAsync()).Error);
        await Assert.ThrowsAsync<SocketException>(() => Patience.Await(ReceiveAsync(reader), "the reader sees a reset"));
        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public async Task RunAsync_WritesWaitNoMore_NothingRuns()
    {
        var written = await FillUpAsync(_application);
        await Patience.Await(_time.WaitForTimersAsync(1), "the copy waits");
        _application.Shutdown(SocketShutdown.Send);
        Assert.Equal(written, (await Patience.Await(ReceiveAsync(_server), "all of it arrives")).LongLength);

        _time.Advance(BlockedWriteWatch.Interval);

        Assert.Equal(0, _time.ActiveTimers);
        _server.Shutdown(SocketShutdown.Send);
        Assert.Equal(written, (await EndAsync()).Sent);
    }

    [Fact]
    public async Task RunAsync_ProcessEnds_BothSidesAreReset()
    {
        await _application.SendAsync("x"u8.ToArray());
        await Patience.Await(_server.ReceiveAsync(new byte[1]), "the byte arrives");

        await _stopping.CancelAsync();

        Assert.Equal(SocketError.ConnectionReset, await ErrorAsync(_application));
        Assert.Equal(SocketError.ConnectionReset, await ErrorAsync(_server));
        Assert.Equal(new TcpCopyEnd(1, 0, ProxyError.None), await EndAsync());
    }

    [Fact]
    public async Task RunAsync_ProcessHasEnded_IsOverAtOnce()
    {
        var (application, client) = Connect();
        var (upstream, server) = Connect();
        using var _ = application;
        using var __ = server;

        await Patience.Await(TcpCopy.RunAsync(client, upstream, _time, new CancellationToken(canceled: true)), "it ends");

        Assert.Equal(SocketError.ConnectionReset, await ErrorAsync(application));
        Assert.Equal(SocketError.ConnectionReset, await ErrorAsync(server));
    }

    [Fact]
    public async Task RunAsync_UpstreamClosedAlready_IsAResetForTheApplication()
    {
        var (application, client) = Connect();
        var (upstream, server) = Connect();
        using var _ = application;
        using var __ = server;
        upstream.Dispose();

        var end = await Patience.Await(TcpCopy.RunAsync(client, upstream, _time, CancellationToken.None), "it ends");

        Assert.Equal(ProxyError.UpstreamClosed, end.Error);
        Assert.Equal(SocketError.ConnectionReset, await ErrorAsync(application));
    }

    private async Task<TcpCopyEnd> EndAsync()
    {
        var end = await Patience.Await(_copy, "the copy ends");
        Assert.All(_middle, socket => Assert.Throws<ObjectDisposedException>(() => socket.Available));
        return end;
    }

    private static (Socket Dialler, Socket Accepted) Connect()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var dialler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        dialler.Connect(listener.LocalEndPoint!);
        return (dialler, listener.Accept());
    }

    private static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Dispose();
    }

    private static byte[] RandomBytes(SeededRandom random, int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = (byte)random.Next(256);
        }

        return bytes;
    }

    private static async Task SendAsync(Socket socket, byte[] bytes, SeededRandom random)
    {
        for (var at = 0; at < bytes.Length;)
        {
            at += await socket.SendAsync(bytes.AsMemory(at, Math.Min(random.Next(1, 100_000), bytes.Length - at)));
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    private static async Task<byte[]> ReceiveAsync(Socket socket, SeededRandom? random = null)
    {
        var received = new MemoryStream();
        var buffer = new byte[100_000];
        while (await socket.ReceiveAsync(buffer.AsMemory(0, random?.Next(1, buffer.Length) ?? buffer.Length)) is > 0 and var length)
        {
            received.Write(buffer, 0, length);
        }

        return received.ToArray();
    }

    /// <summary>Writes until nobody takes more, and gives how much was taken.</summary>
    private static async Task<long> FillUpAsync(Socket writer)
    {
        writer.Blocking = false;
        var written = 0L;

        // Until the kernel's buffers are full and the copy waits: what is written then is bounded, whatever the writer has.
        var quiet = 0;
        await Patience.Eventually(
            () =>
            {
                var before = written;
                while (writer.Send(new byte[64 * 1024], SocketFlags.None, out var error) is var sent && error == SocketError.Success)
                {
                    written += sent;
                    Assert.True(written < 256L << 20, "The writer was never stopped.");
                }

                quiet = written == before ? quiet + 1 : 0;
                return Task.FromResult(quiet == 5);
            },
            "the writer is stopped");
        return written;
    }

    /// <summary>Writes until somebody complains.</summary>
    private static async Task<SocketError> FillAsync(Socket socket)
    {
        try
        {
            while (true)
            {
                await socket.SendAsync(new byte[64 * 1024]);
            }
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }

    private static async Task<SocketError> ErrorAsync(Socket socket)
    {
        try
        {
            return await Patience.Await(socket.ReceiveAsync(new byte[1]), "the connection ends") == 0 ? SocketError.Success : SocketError.IsConnected;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }
}
