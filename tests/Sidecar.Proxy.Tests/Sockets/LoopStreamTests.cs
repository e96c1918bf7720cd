using System.Net.Sockets;
using Sidecar.Proxy.Sockets;

namespace Sidecar.Proxy.Tests.Sockets;

public sealed class LoopStreamTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Stream_ReadsAndWrites()
    {
        using var pair = new SocketPair();
        await using var stream = new LoopStream(pair.Ours);
        var buffer = new byte[16];

        var reading = stream.ReadAsync(buffer);
        pair.Peer.Send("ping"u8);
        Assert.Equal(4, await reading.AsTask().WaitAsync(Deadline));
        await stream.WriteAsync("pong"u8.ToArray());
        await stream.FlushAsync();

        Assert.Equal("pong"u8.ToArray(), pair.PeerReads(4));
    }

    [Fact]
    public async Task ReadAsync_IsCancelled_ThrowsAndTheNextReadWorks()
    {
        using var pair = new SocketPair();
        await using var stream = new LoopStream(pair.Ours);
        using var cancel = new CancellationTokenSource();

        var reading = stream.ReadAsync(new byte[16], cancel.Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.AsTask().WaitAsync(Deadline));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream.ReadAsync(new byte[16], cancel.Token).AsTask());
        pair.Peer.Send("later"u8);
        Assert.Equal(5, await stream.ReadAsync(new byte[16]).AsTask().WaitAsync(Deadline));
    }

    [Fact]
    public async Task ReadAsync_PeerResets_ThrowsWhatTheKernelSaid()
    {
        using var pair = new SocketPair();
        await using var stream = new LoopStream(pair.Ours);

        var reading = stream.ReadAsync(new byte[16]);
        pair.Reset();

        var failure = await Assert.ThrowsAsync<IOException>(() => reading.AsTask().WaitAsync(Deadline));
        Assert.Equal(SocketError.ConnectionReset, Assert.IsType<SocketException>(failure.InnerException).SocketErrorCode);
    }

    /// <summary>Both as a task, never from the call: whoever wraps the stream looks for a failure there.</summary>
    [Fact]
    public async Task Calls_AfterTheEnd_FailAsTasks()
    {
        using var pair = new SocketPair();
        var stream = new LoopStream(pair.Ours);
        await stream.DisposeAsync();

        var reading = stream.ReadAsync(new byte[1]);
        var writing = stream.WriteAsync(new byte[1]);

        await Assert.ThrowsAsync<IOException>(() => reading.AsTask());
        await Assert.ThrowsAsync<IOException>(() => writing.AsTask());
    }
}
