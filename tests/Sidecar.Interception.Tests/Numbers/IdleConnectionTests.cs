using System.Net;
using System.Net.Sockets;
using Xunit.Abstractions;

namespace Sidecar.Interception.Tests.Numbers;

/// <summary>What idle connections cost the proxy. Left out of <c>make test</c>; <c>make test-interception</c> runs it.</summary>
[Trait("Category", "Heavy")]
public sealed class IdleConnectionTests(ITestOutputHelper output) : IInterceptedSuite
{
    private const int MaxBytesEach = 10_000;

    // More at once would only fill the accept queue.
    private const int AtOnce = 64;

    // Bytes have a second connection behind each, here and in the proxy: fewer, for the usual limit of 20 000 files.
    [NetnsTheory]
    [InlineData("http", 10_000)]
    [InlineData("bytes", 9_000)]
    public async Task ThousandsIdle_AfterOneExchangeEach_CostAtMostTenKilobytes(string protocol, int connections)
    {
        await using var network = await PodNetwork.CreateAsync();
        await network.Pod.StartSidecarAsync(PodDocument.Passthrough);
        await using var server = protocol == "http" ? WireServer.StartHttp(network.Peer, "ok") : WireServer.Start(network.Peer, EchoAsync);
        var to = new IPEndPoint(PodNetwork.PeerAddress(isIPv6: false), server.Port);
        var clients = new List<WireClient>();
        try
        {
            // Code and pools that the first connections need are no cost of a connection.
            await OpenAsync(200);
            var before = network.Pod.Sidecar.ResidentBytes;
            await OpenAsync(connections);
            var atOnce = Each();
            var quiet = await QuietAsync();
            output.WriteLine($"{connections} idle intercepted connections, {protocol}: {quiet} bytes of resident memory each, {atOnce} right after the exchanges, {before / 1024} KiB before them");

            // Idle is not dead.
            await ExchangeAsync(clients[^1]);
            await ExchangeAsync(clients[0]);
            Assert.True(quiet <= MaxBytesEach, $"{quiet} bytes per idle connection, {atOnce} right after the exchanges");

            long Each() => (network.Pod.Sidecar.ResidentBytes - before) / connections;

            // The exchanges leave garbage, which is no cost of being idle; the proxy returns it when it comes to it.
            async Task<long> QuietAsync()
            {
                var least = long.MaxValue;
                for (var second = 0; second < 30 && least > MaxBytesEach; second++)
                {
                    least = Math.Min(least, Each());
                    await Task.Delay(TimeSpan.FromSeconds(1));
                }

                return least;
            }
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        async Task OpenAsync(int count)
        {
            var gate = new object();
            await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (_, _) =>
            {
                var client = await WireClient.ConnectAsync(network.Pod.Network, to);
                lock (gate)
                {
                    clients.Add(client);
                }

                await ExchangeAsync(client);
            });
        }

        async Task ExchangeAsync(WireClient client)
        {
            if (protocol == "http")
            {
                Assert.Equal("ok", (await client.GetAsync()).BodyText);
            }
            else
            {
                await client.SendAsync("\u0000");
                await client.ReceiveAsync(1);
            }
        }
    }

    private static async Task EchoAsync(Socket socket)
    {
        var buffer = new byte[1];
        while (await socket.ReceiveAsync(buffer) > 0)
        {
            await socket.SendAsync(buffer);
        }
    }
}
