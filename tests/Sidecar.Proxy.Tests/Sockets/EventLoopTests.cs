using System.Buffers;
using System.Net.Sockets;
using Sidecar.Proxy.Sockets;

namespace Sidecar.Proxy.Tests.Sockets;

/// <summary>
/// What happens within one batch of events. The loop is stopped in the middle of one, until the events of the next are all there. What
/// shall run on the loop awaits without the context of the test.
/// </summary>
public sealed class EventLoopTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly EventLoop _loop = new(1);
    private SocketPair? _answered;

    [Fact]
    public async Task Batch_SmallMessages_LeaveWhenTheLastEventWasHandled()
    {
        SocketPair[] pairs = Pairs(8);
        var sentEarly = new List<int>();
        var handled = 0;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        async Task AnswerAsync(SocketPair pair)
        {
            await pair.Ours.ReceiveAsync(new byte[16]).ConfigureAwait(false);
            Assert.Same(_loop, EventLoop.Current);
            Assert.Equal(SocketError.Success, await pair.Ours.SendAsync(new ReadOnlySequence<byte>("one"u8.ToArray())).ConfigureAwait(false));
            Assert.Equal(SocketError.Success, await pair.Ours.SendAsync(new ReadOnlySequence<byte>("two"u8.ToArray())).ConfigureAwait(false));
            if (++handled == pairs.Length)
            {
                // The last one's own may have left: nothing is left of the batch.
                sentEarly.AddRange(pairs.Select(other => other.Peer.Available).Order());
                all.SetResult();
            }
        }

        await InOneBatchAsync(pairs, AnswerAsync);
        await all.Task.WaitAsync(Deadline);

        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 6], sentEarly);
        Assert.All(pairs, pair => Assert.Equal("onetwo"u8.ToArray(), pair.PeerReads(6)));
        Dispose(pairs);
    }

    [Fact]
    public async Task Batch_LargeMessageBehindASmallOne_KeepsTheOrder()
    {
        SocketPair[] pairs = Pairs(8);
        var large = new byte[32 * 1024];
        new Random(3).NextBytes(large);

        async Task AnswerAsync(SocketPair pair)
        {
            await pair.Ours.ReceiveAsync(new byte[16]).ConfigureAwait(false);
            await pair.Ours.SendAsync(new ReadOnlySequence<byte>("head"u8.ToArray())).ConfigureAwait(false);
            await pair.Ours.SendAsync(new ReadOnlySequence<byte>(large)).ConfigureAwait(false);
        }

        await InOneBatchAsync(pairs, AnswerAsync);

        foreach (var pair in pairs)
        {
            var bytes = await Task.Run(() => pair.PeerReads(4 + large.Length)).WaitAsync(Deadline);
            Assert.Equal("head"u8.ToArray(), bytes[..4]);
            Assert.Equal(large, bytes[4..]);
        }

        Dispose(pairs);
    }

    [Fact]
    public async Task Batch_SocketIsClosedBehindAMessage_MessageArrives()
    {
        SocketPair[] pairs = Pairs(8);

        async Task AnswerAsync(SocketPair pair)
        {
            await pair.Ours.ReceiveAsync(new byte[16]).ConfigureAwait(false);
            await pair.Ours.SendAsync(new ReadOnlySequence<byte>("bye"u8.ToArray())).ConfigureAwait(false);
            pair.Ours.Close();
        }

        await InOneBatchAsync(pairs, AnswerAsync);

        Assert.All(pairs, pair => Assert.Equal("bye"u8.ToArray(), pair.PeerReads(100)));
        Dispose(pairs);
    }

    [Fact]
    public async Task Batch_SocketWithAnEventIsClosedAndItsPlaceTaken_NewOneDoesNotGetTheEvent()
    {
        SocketPair[] pairs = Pairs(8);
        var fresh = new TaskCompletionSource<(SocketPair Pair, Task<SocketResult> Receiving)>(TaskCreationOptions.RunContinuationsAsynchronously);

        async Task CloseTheOtherAsync(SocketPair pair)
        {
            var result = await pair.Ours.ReceiveAsync(new byte[16]).ConfigureAwait(false);
            if (result.IsSuccess && !fresh.Task.IsCompleted)
            {
                pairs.First(other => other != pair).Ours.Close();
                var taken = new SocketPair(_loop);
                fresh.SetResult((taken, taken.Ours.ReceiveAsync(Memory<byte>.Empty).AsTask()));
            }
        }

        await InOneBatchAsync(pairs, CloseTheOtherAsync);
        var (made, receiving) = await fresh.Task.WaitAsync(Deadline);

        // Its own registration is an event too, of a socket that is writable and has nothing to read.
        await PassAsync();
        Assert.False(receiving.IsCompleted);
        made.Peer.Send("x"u8);
        Assert.True((await receiving.WaitAsync(Deadline)).IsSuccess);
        made.Dispose();
        Dispose(pairs);
    }

    [Fact]
    public async Task Batch_ConnectionIsCompletedBehindAMessage_PeerGetsItAndAnOrderlyEnd()
    {
        SocketPair[] pairs = Pairs(8);
        LoopConnection[] connections = [.. pairs.Select(pair => new LoopConnection(pair.Ours))];

        async Task AnswerAsync(SocketPair pair)
        {
            var connection = connections[Array.IndexOf(pairs, pair)];
            await connection.Transport.Input.ReadAsync().ConfigureAwait(false);
            "bye"u8.CopyTo(connection.Transport.Output.GetSpan(3));
            connection.Transport.Output.Advance(3);
            await connection.Transport.Output.CompleteAsync().ConfigureAwait(false);
        }

        await InOneBatchAsync(pairs, AnswerAsync);

        Assert.All(pairs, pair => Assert.Equal("bye"u8.ToArray(), pair.PeerReads(100)));
        foreach (var connection in connections)
        {
            await connection.DisposeAsync().AsTask().WaitAsync(Deadline);
        }

        Dispose(pairs);
    }

    [Fact]
    public async Task Batch_OneGoesOnReceiving_OthersMessagesLeave()
    {
        SocketPair[] pairs = Pairs(8);
        var seen = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = 0;

        async Task AnswerAsync(SocketPair pair)
        {
            await pair.Ours.ReceiveAsync(new byte[1]).ConfigureAwait(false);
            if (Interlocked.Increment(ref first) == 1)
            {
                await pair.Ours.SendAsync(new ReadOnlySequence<byte>("one"u8.ToArray())).ConfigureAwait(false);
                Volatile.Write(ref _answered, pair);
            }
            else if (first == 2)
            {
                Assert.Equal(0, Volatile.Read(ref _answered)!.Peer.Available);
                pair.Peer.Send(new byte[100]);
                SpinWait.SpinUntil(() => pair.Ours.Socket.Available >= 100, Deadline);
                for (var i = 0; i < 50; i++)
                {
                    await pair.Ours.ReceiveAsync(new byte[1]).ConfigureAwait(false);
                }

                seen.SetResult(Volatile.Read(ref _answered)!.Peer.Available == 3);
            }
        }

        await InOneBatchAsync(pairs, AnswerAsync);

        Assert.True(await seen.Task.WaitAsync(Deadline));
        Dispose(pairs);
    }

    [Fact]
    public async Task Batch_OfFewEvents_IsSentAtOnce()
    {
        SocketPair[] pairs = Pairs(3);
        var there = new List<int>();
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        async Task AnswerAsync(SocketPair pair)
        {
            await pair.Ours.ReceiveAsync(new byte[16]).ConfigureAwait(false);
            await pair.Ours.SendAsync(new ReadOnlySequence<byte>("one"u8.ToArray())).ConfigureAwait(false);
            there.Add(pair.Peer.Available);
            if (there.Count == pairs.Length)
            {
                all.SetResult();
            }
        }

        await InOneBatchAsync(pairs, AnswerAsync);
        await all.Task.WaitAsync(Deadline);

        Assert.Equal([3, 3, 3], there);
        Dispose(pairs);
    }

    private SocketPair[] Pairs(int count) => [.. Enumerable.Range(0, count).Select(_ => new SocketPair(_loop))];

    private static void Dispose(SocketPair[] pairs)
    {
        foreach (var pair in pairs)
        {
            pair.Dispose();
        }
    }

    // The peers of all pairs speak while the loop is held, so that it finds their events together.
    private async Task InOneBatchAsync(SocketPair[] pairs, Func<SocketPair, Task> handle)
    {
        using var gate = new SocketPair(_loop);
        using var isHeld = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();

        async Task HoldAsync()
        {
            await gate.Ours.ReceiveAsync(new byte[1]).ConfigureAwait(false);
            isHeld.Set();
            goOn.Wait(Deadline);
        }

        // What registering them has told is behind us.
        await PassAsync();
        foreach (var pair in pairs)
        {
            _ = handle(pair);
        }

        var holding = HoldAsync();
        gate.Peer.Send("x"u8);
        Assert.True(isHeld.Wait(Deadline));
        foreach (var pair in pairs)
        {
            pair.Peer.Send("go"u8);
        }

        Assert.True(SpinWait.SpinUntil(() => pairs.All(pair => pair.Ours.Socket.Available >= 2), Deadline));
        goOn.Set();
        await holding.WaitAsync(Deadline);
    }

    // One more event was handled than there are now.
    private async Task PassAsync()
    {
        using var pair = new SocketPair(_loop);
        var receiving = pair.Ours.ReceiveAsync(new byte[1]);
        pair.Peer.Send("x"u8);
        await receiving.AsTask().WaitAsync(Deadline);
    }
}
