using System.Net;
using System.Net.Sockets;
using Sidecar.LoadGen.Backend;

namespace Sidecar.LoadGen.Tests.Backend;

/// <summary>That a connection ends by a reset where it was drawn, and that the upstream gets what passed before.</summary>
public sealed class ResettingRelayTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(100_000)]
    public async Task InRequest_ResetsTheCallerThere_AndTheUpstreamHasExactlyWhatPassed(int bytes)
    {
        var received = new TaskCompletionSource<long>();
        using var upstream = Upstream(async socket =>
        {
            var (buffer, total) = (new byte[4096], 0L);
            for (int count; (count = await socket.ReceiveAsync(buffer)) > 0; total += count)
            {
            }

            received.SetResult(total); // ended properly, not by a reset
        });
        using var relay = Relay(upstream, new ConnectionFate(ResetPlace.InRequest, bytes, TimeSpan.Zero), out var port);
        using var caller = await ConnectAsync(port);
        try
        {
            await caller.SendAsync(new byte[200_000]);
        }
        catch (SocketException)
        {
            // It was reset before it had sent everything.
        }

        await AssertResetAsync(caller, answered: 0);
        Assert.Equal(bytes, await received.Task.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(1, relay.Resets(ResetPlace.InRequest));
    }

    [Theory]
    [InlineData(ResetPlace.InAnswer, 7, 7)]
    [InlineData(ResetPlace.Between, 7, 20)]
    public async Task InAnswer_ResetsTheCallerThere_BetweenOnlyAfterWhatCameWithIt(ResetPlace place, int bytes, int answered)
    {
        using var upstream = Upstream(async socket =>
        {
            await socket.ReceiveAsync(new byte[10]);
            await socket.SendAsync(new byte[20]);
            await socket.ReceiveAsync(new byte[10]);
        });
        using var relay = Relay(upstream, new ConnectionFate(place, bytes, TimeSpan.Zero), out var port);
        using var caller = await ConnectAsync(port);
        await caller.SendAsync(new byte[10]);

        await AssertResetAsync(caller, answered);
        Assert.Equal((1, 1), (relay.Connections, relay.Resets(place)));
    }

    [Fact]
    public async Task AtOnce_ResetsBeforeAnything()
    {
        using var upstream = Upstream(_ => Task.CompletedTask);
        using var relay = Relay(upstream, new ConnectionFate(ResetPlace.AtOnce, 0, TimeSpan.Zero), out var port);

        // The reset may come before the connect has told its success.
        var error = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using var caller = await ConnectAsync(port);
            await caller.ReceiveAsync(new byte[1]).WaitAsync(TimeSpan.FromSeconds(30));
        });
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    [Fact]
    public void Draw_OneSeed_GivesOneSequence_OfEveryPlaceWithinItsBytes()
    {
        ConnectionFate[] Sequence()
        {
            var random = new Random(7);
            return [.. Enumerable.Range(0, 1000).Select(_ => ConnectionFate.Draw(random, exchanges: 10, requestBytes: 500, answerBytes: 100))];
        }

        var fates = Sequence();
        Assert.Equal(fates, Sequence());
        Assert.Equal(Enum.GetValues<ResetPlace>(), fates.Select(fate => fate.Place).Distinct().Order());
        Assert.All(fates, fate => Assert.InRange(fate.Bytes, fate.Place == ResetPlace.AtOnce ? 0 : 1, fate.Place == ResetPlace.InRequest ? 5000 : 1000));
        Assert.All(fates, fate => Assert.True(fate.Pause == TimeSpan.Zero || fate.Place == ResetPlace.Between));
    }

    // What arrives before the reset may be lost by the caller's own kernel, so at most.
    private static async Task AssertResetAsync(Socket caller, int answered)
    {
        var (buffer, total) = (new byte[1024], 0);
        var error = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            for (int count; (count = await caller.ReceiveAsync(buffer, limit.Token)) > 0; total += count)
            {
            }
        });
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        Assert.InRange(total, 0, answered);
    }

    private static ResettingRelay Relay(Socket upstream, ConnectionFate fate, out int port)
    {
        var relay = new ResettingRelay(upstream.LocalEndPoint!, () => fate);
        port = relay.Start(0);
        return relay;
    }

    private static Socket Upstream(Func<Socket, Task> serve)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        _ = ServeAsync();
        return listener;

        async Task ServeAsync()
        {
            using var socket = await listener.AcceptAsync();
            await serve(socket);
        }
    }

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }
}
