using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Sidecar.Proxy.Sockets;

namespace Sidecar.Proxy.Tests.Sockets;

public sealed class LoopConnectionTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Input_PeerSpeaksAndEnds_HasTheBytesAndTheEnd()
    {
        using var pair = new SocketPair();
        await using var connection = new LoopConnection(pair.Ours);

        pair.Peer.Send("hello"u8);
        var read = await connection.Transport.Input.ReadAtLeastAsync(5).AsTask().WaitAsync(Deadline);
        Assert.Equal(5, read.Buffer.Length);
        connection.Transport.Input.AdvanceTo(read.Buffer.End);
        pair.Peer.Shutdown(SocketShutdown.Send);

        Assert.True((await connection.Transport.Input.ReadAsync().AsTask().WaitAsync(Deadline)).IsCompleted);
        await ClosedAsync(connection);
    }

    [Fact]
    public async Task Input_PeerResets_FailsAndTheConnectionIsClosed()
    {
        using var pair = new SocketPair();
        await using var connection = new LoopConnection(pair.Ours);

        pair.Reset();

        await Assert.ThrowsAsync<ConnectionResetException>(() => connection.Transport.Input.ReadAsync().AsTask().WaitAsync(Deadline));
        await ClosedAsync(connection);
    }

    [Fact]
    public async Task Input_NobodyReads_StopsReceiving()
    {
        using var pair = new SocketPair();
        await using var connection = new LoopConnection(pair.Ours);
        var bytes = new byte[64 * 1024];
        pair.Peer.Blocking = false;

        // A limit of 1 MiB here and some MiB in the kernel.
        long sent = 0;
        var full = DateTime.UtcNow + Deadline;
        for (var refused = 0; refused < 100; Assert.True(DateTime.UtcNow < full && sent < 64 * 1024 * 1024))
        {
            sent += pair.Peer.Send(bytes, SocketFlags.None, out var error);
            refused = error == SocketError.WouldBlock ? refused + 1 : 0;
            if (error == SocketError.WouldBlock)
            {
                await Task.Delay(1);
            }
        }

        long read = 0;
        while (read < sent)
        {
            var result = await connection.Transport.Input.ReadAsync().AsTask().WaitAsync(Deadline);
            read += result.Buffer.Length;
            connection.Transport.Input.AdvanceTo(result.Buffer.End);
        }

        Assert.Equal(sent, read);
    }

    [Fact]
    public async Task Output_IsCompleted_PeerGetsEverythingAndAnOrderlyEnd()
    {
        using var pair = new SocketPair();
        var connection = new LoopConnection(pair.Ours);
        var bytes = new byte[300_000];
        new Random(4).NextBytes(bytes);
        var reading = Task.Run(() => pair.PeerReads(bytes.Length + 1));

        await connection.Transport.Output.WriteAsync(bytes).AsTask().WaitAsync(Deadline);
        await connection.Transport.Output.CompleteAsync();

        Assert.Equal(bytes, await reading.WaitAsync(Deadline));
        await connection.DisposeAsync().AsTask().WaitAsync(Deadline);
        await connection.DisposeAsync().AsTask().WaitAsync(Deadline);
    }

    /// <summary>As the server takes it: from the result, never an exception.</summary>
    [Fact]
    public async Task Output_PeerHasReset_FlushSaysThatNobodyReads()
    {
        using var pair = new SocketPair();
        await using var connection = new LoopConnection(pair.Ours);
        pair.Reset();
        await ClosedAsync(connection);

        System.IO.Pipelines.FlushResult flushed;
        do
        {
            flushed = await connection.Transport.Output.WriteAsync(new byte[1]).AsTask().WaitAsync(Deadline);
        }
        while (!flushed.IsCompleted);
    }

    [Fact]
    public async Task Abort_PeerSeesAReset()
    {
        using var pair = new SocketPair();
        await using var connection = new LoopConnection(pair.Ours);

        connection.Abort(new ConnectionAbortedException());

        var seen = Assert.Throws<SocketException>(() => pair.Peer.Receive(new byte[1]));
        Assert.Equal(SocketError.ConnectionReset, seen.SocketErrorCode);
        await Assert.ThrowsAsync<ConnectionAbortedException>(() => connection.Transport.Input.ReadAsync().AsTask().WaitAsync(Deadline));
        await ClosedAsync(connection);
    }

    [Fact]
    public async Task Features_AreTheOnesTheServerAsksFor()
    {
        using var pair = new SocketPair();
        await using var connection = new LoopConnection(pair.Ours);

        Assert.Same(pair.Ours.Socket, connection.Features.Get<IConnectionSocketFeature>()!.Socket);
        Assert.Equal(pair.Peer.LocalEndPoint, connection.Features.Get<IConnectionEndPointFeature>()!.RemoteEndPoint);
        Assert.Equal(pair.Peer.RemoteEndPoint, connection.Features.Get<IConnectionEndPointFeature>()!.LocalEndPoint);
        Assert.Same(connection, connection.Features.Get<IConnectionTransportFeature>());
        Assert.Same(connection, connection.Features.Get<IConnectionItemsFeature>());
        Assert.Same(connection, connection.Features.Get<IConnectionLifetimeFeature>());
        Assert.Same(BlockPool.Instance, connection.Features.Get<IMemoryPoolFeature>()!.MemoryPool);
        Assert.NotEmpty(connection.Features.Get<IConnectionIdFeature>()!.ConnectionId);
        Assert.NotNull(connection.Items);
    }

    [Fact]
    public async Task Listener_AcceptsUntilItIsUnbound()
    {
        var factory = new LoopListenerFactory(16, TimeProvider.System);
        await using var listener = await factory.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        await Assert.ThrowsAsync<AddressInUseException>(async () => await factory.BindAsync(listener.EndPoint));
        using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        peer.Connect(listener.EndPoint);

        await using var connection = await listener.AcceptAsync().AsTask().WaitAsync(Deadline);
        Assert.Equal(peer.LocalEndPoint, connection!.RemoteEndPoint);
        Assert.True(connection.Features.Get<IConnectionSocketFeature>()!.Socket.NoDelay);
        var accepting = listener.AcceptAsync().AsTask();
        await listener.UnbindAsync();

        Assert.Null(await accepting.WaitAsync(Deadline));
    }

    private static async Task ClosedAsync(ConnectionContext connection)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = connection.ConnectionClosed.UnsafeRegister(_ => closed.TrySetResult(), null);
        await closed.Task.WaitAsync(Deadline);
    }
}
