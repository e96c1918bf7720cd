using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Sidecar.Proxy.Sockets;

namespace Sidecar.Proxy.Tests.Sockets;

public sealed class LoopSocketTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task ReceiveAsync_NothingThere_CompletesWithWhatComes()
    {
        using var pair = new SocketPair();
        var buffer = new byte[16];

        var receiving = pair.Ours.ReceiveAsync(buffer);
        Assert.False(receiving.IsCompleted);
        pair.Peer.Send("hello"u8);

        Assert.Equal(new SocketResult(5, SocketError.Success), await receiving.AsTask().WaitAsync(Deadline));
        Assert.Equal("hello"u8.ToArray(), buffer[..5]);
        Assert.Equal(SocketError.WouldBlock, pair.Ours.TryReceive(buffer).Error);
    }

    [Fact]
    public async Task ReceiveAsync_EmptyBuffer_WaitsAndTakesNothing()
    {
        using var pair = new SocketPair();

        var waiting = pair.Ours.ReceiveAsync(Memory<byte>.Empty);
        Assert.False(waiting.IsCompleted);
        pair.Peer.Send("hello"u8);

        Assert.Equal(new SocketResult(0, SocketError.Success), await waiting.AsTask().WaitAsync(Deadline));
        Assert.Equal(5, pair.Ours.TryReceive(new byte[16]).Count);
    }

    [Fact]
    public async Task ReceiveAsync_MoreThanTheBuffer_GetsTheRestWithoutAnotherEvent()
    {
        using var pair = new SocketPair();
        pair.Peer.Send("0123456789"u8);
        var buffer = new byte[4];

        var all = new List<byte>();
        while (all.Count < 10)
        {
            var result = await pair.Ours.ReceiveAsync(buffer).AsTask().WaitAsync(Deadline);
            all.AddRange(buffer[..result.Count]);
        }

        Assert.Equal("0123456789"u8.ToArray(), all);
    }

    [Fact]
    public async Task ReceiveAsync_BytesAndTheEndInOneEvent_GetsBoth()
    {
        for (var i = 0; i < 50; i++)
        {
            using var pair = new SocketPair();
            pair.Peer.Send("bye"u8);
            pair.Peer.Shutdown(SocketShutdown.Send);

            Assert.Equal(3, (await pair.Ours.ReceiveAsync(new byte[16]).AsTask().WaitAsync(Deadline)).Count);
            Assert.Equal(new SocketResult(0, SocketError.Success), await pair.Ours.ReceiveAsync(new byte[16]).AsTask().WaitAsync(Deadline));
            Assert.Equal(new SocketResult(0, SocketError.Success), await pair.Ours.ReceiveAsync(new byte[16]).AsTask().WaitAsync(Deadline));
        }
    }

    [Fact]
    public async Task ReceiveAsync_PeerResets_SaysSo()
    {
        using var pair = new SocketPair();

        var receiving = pair.Ours.ReceiveAsync(new byte[16]);
        pair.Reset();

        Assert.Equal(SocketError.ConnectionReset, (await receiving.AsTask().WaitAsync(Deadline)).Error);
    }

    [Fact]
    public async Task Close_WhileSomebodyReceives_TellsIt()
    {
        using var pair = new SocketPair();

        var receiving = pair.Ours.ReceiveAsync(new byte[16]);
        pair.Ours.Close();

        Assert.Equal(SocketError.OperationAborted, (await receiving.AsTask().WaitAsync(Deadline)).Error);
        Assert.Equal(SocketError.OperationAborted, (await pair.Ours.ReceiveAsync(new byte[16])).Error);
        Assert.Equal(SocketError.OperationAborted, await pair.Ours.SendAsync(Bytes("x"u8.ToArray())));
    }

    [Fact]
    public async Task CancelReceive_SomebodyWaits_IsToldAndTheNextOneGetsTheBytes()
    {
        using var pair = new SocketPair();

        var receiving = pair.Ours.ReceiveAsync(new byte[16]);
        pair.Ours.CancelReceive();
        Assert.Equal(SocketError.Interrupted, (await receiving).Error);

        pair.Peer.Send("later"u8);
        Assert.Equal(5, (await pair.Ours.ReceiveAsync(new byte[16]).AsTask().WaitAsync(Deadline)).Count);
    }

    [Fact]
    public async Task SendAsync_MoreThanTheKernelTakes_WaitsForThePeer()
    {
        using var pair = new SocketPair();
        var bytes = new byte[16 * 1024 * 1024];
        new Random(1).NextBytes(bytes);

        var sending = pair.Ours.SendAsync(Bytes(bytes));
        Assert.False(sending.IsCompleted);

        Assert.Equal(bytes, await Task.Run(() => pair.PeerReads(bytes.Length)).WaitAsync(Deadline));
        Assert.Equal(SocketError.Success, await sending.AsTask().WaitAsync(Deadline));
    }

    [Fact]
    public async Task SendAsync_ManySegments_ArriveInOrder()
    {
        using var pair = new SocketPair();
        var bytes = new byte[3 * 1024 * 1024];
        new Random(2).NextBytes(bytes);
        var first = new Segment(bytes.AsMemory(0, 1000));
        var last = first;
        for (var at = 1000; at < bytes.Length; at += 1000)
        {
            last = last.Append(bytes.AsMemory(at, Math.Min(1000, bytes.Length - at)));
        }

        var sending = pair.Ours.SendAsync(new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length));

        Assert.Equal(bytes, await Task.Run(() => pair.PeerReads(bytes.Length)).WaitAsync(Deadline));
        Assert.Equal(SocketError.Success, await sending.AsTask().WaitAsync(Deadline));
    }

    [Fact]
    public async Task Close_WhileSomebodySends_TellsIt()
    {
        using var pair = new SocketPair();

        var sending = pair.Ours.SendAsync(Bytes(new byte[16 * 1024 * 1024]));
        Assert.False(sending.IsCompleted);
        pair.Ours.Close();

        Assert.Equal(SocketError.OperationAborted, await sending.AsTask().WaitAsync(Deadline));
    }

    [Fact]
    public async Task SendAsync_PeerHasReset_Fails()
    {
        using var pair = new SocketPair();
        pair.Reset();
        await pair.Ours.ReceiveAsync(new byte[1]).AsTask().WaitAsync(Deadline);

        Assert.Equal(SocketError.Shutdown, await pair.Ours.SendAsync(Bytes("x"u8.ToArray())));
        Assert.Equal(SocketError.Shutdown, await pair.Ours.SendAsync(Bytes("x"u8.ToArray())));
    }

    [Fact]
    public async Task SendAsync_PeerResetsWhileItWaits_Fails()
    {
        using var pair = new SocketPair();

        var sending = pair.Ours.SendAsync(Bytes(new byte[16 * 1024 * 1024]));
        Assert.False(sending.IsCompleted);
        pair.Reset();

        Assert.True(await sending.AsTask().WaitAsync(Deadline) is SocketError.ConnectionReset or SocketError.Shutdown);
    }

    [Fact]
    public async Task ConnectedAsync_SomebodyListens_IsConnected()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };

        Assert.Equal(SocketError.Success, SocketCalls.Connect(socket, (IPEndPoint)listener.LocalEndPoint!));
        var ours = new LoopSocket(socket, isConnecting: true);
        Assert.Equal(SocketError.Success, await ours.ConnectedAsync().AsTask().WaitAsync(Deadline));
        using var accepted = listener.Accept();
        Assert.Equal(SocketError.Success, await ours.SendAsync(Bytes("hello"u8.ToArray())));

        Assert.Equal(5, accepted.Receive(new byte[16]));
        ours.Close();
    }

    [Fact]
    public async Task ConnectedAsync_NobodyListens_IsRefused()
    {
        int port;
        using (var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        }

        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        var error = SocketCalls.Connect(socket, new IPEndPoint(IPAddress.Loopback, port));
        if (error == SocketError.Success)
        {
            error = await new LoopSocket(socket, isConnecting: true).ConnectedAsync().AsTask().WaitAsync(Deadline);
        }

        Assert.Equal(SocketError.ConnectionRefused, error);
    }

    [Fact]
    public async Task Release_PlatformsEngine_GoesOnWithTheSocket()
    {
        using var pair = new SocketPair();
        var waiting = pair.Ours.ReceiveAsync(Memory<byte>.Empty);

        pair.Ours.Release();
        Assert.Equal(SocketError.OperationAborted, (await waiting).Error);
        var receiving = pair.Ours.Socket.ReceiveAsync(new byte[16]);
        pair.Peer.Send("hello"u8);

        Assert.Equal(5, await receiving.WaitAsync(Deadline));
    }

    [Fact]
    public async Task Close_SomebodyWaits_ItDoesNotGoOnWithinTheClose()
    {
        using var pair = new SocketPair();
        var gate = new object();
        var hasGoneOn = false;

        async Task ReceiveAsync()
        {
            await pair.Ours.ReceiveAsync(new byte[1]).ConfigureAwait(false);
            lock (gate)
            {
                hasGoneOn = true;
            }
        }

        var receiving = ReceiveAsync();
        lock (gate)
        {
            pair.Ours.Close();
            Assert.False(hasGoneOn);
        }

        await receiving.WaitAsync(Deadline);
    }

    [Fact]
    public async Task ReceiveAsync_UrgentMarkInBetween_GetsWhatIsBehindIt()
    {
        using var pair = new SocketPair();
        pair.Peer.Send("ab"u8);
        pair.Peer.Send("!"u8.ToArray(), SocketFlags.OutOfBand);
        pair.Peer.Send("cd"u8);

        var received = 0;
        while (received < 4)
        {
            received += (await pair.Ours.ReceiveAsync(new byte[16]).AsTask().WaitAsync(Deadline)).Count;
        }
    }

    /// <summary>The event that the kernel takes more may come between its refusal and our noting it.</summary>
    [Fact]
    public async Task SendAsync_ByAnotherThreadThanTheLoop_NeverWaitsForAnEventThatHasCome()
    {
        using var pair = new SocketPair();
        var bytes = new byte[1024 * 1024];
        const int Messages = 300;
        var reading = Task.Run(() => pair.PeerReads(bytes.Length * Messages).Length);

        await Task.Run(async () =>
        {
            for (var i = 0; i < Messages; i++)
            {
                Assert.Equal(SocketError.Success, await pair.Ours.SendAsync(Bytes(bytes)).AsTask().WaitAsync(Deadline).ConfigureAwait(ConfigureAwaitOptions.ForceYielding));
            }
        });

        Assert.Equal(bytes.Length * Messages, await reading.WaitAsync(Deadline));
    }

    private static ReadOnlySequence<byte> Bytes(byte[] bytes) => new(bytes);

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory) => Memory = memory;

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
