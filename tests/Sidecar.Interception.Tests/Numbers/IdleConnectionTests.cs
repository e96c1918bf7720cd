using System.Globalization;
using System.Net;
using Sidecar.Interception.Tests.Applications;
using Xunit.Abstractions;

namespace Sidecar.Interception.Tests.Numbers;

/// <summary>What idle connections cost the proxy. Left out of <c>make test</c>; <c>make test-interception</c> runs it.</summary>
[Trait("Category", "Heavy")]
public sealed class IdleConnectionTests(ITestOutputHelper output) : IInterceptedSuite
{
    private const int Connections = 10_000, MaxBytesEach = 10_000;

    // More at once would only fill the accept queue.
    private const int AtOnce = 64;

    // Carried as TCP, each has a second connection behind it: two proxies share them, and the server is a process of its own,
    // so that 20 000 open files, which is a usual limit, are enough for each.
    [NetnsTheory(Needs = "python3")]
    [InlineData("http", 1)]
    [InlineData("bytes", 2)]
    public async Task TenThousandIdle_AfterOneExchangeEach_CostAtMostTenKilobytes(string protocol, int pods)
    {
        await using var network = await PodNetwork.CreateAsync(pods);
        foreach (var pod in network.Pods)
        {
            await pod.StartSidecarAsync(PodDocument.Passthrough);
        }

        const int EchoPort = 20_000;
        await using var http = WireServer.StartHttp(network.Peer, "ok");
        await using var echo = NamespaceProcess.Start(network.Peer, Pod.ApplicationUser, ["python3", "-u", ApplicationNetwork.Script("echo_bytes.py"), EchoPort.ToString(CultureInfo.InvariantCulture)]);
        await echo.WaitForLineAsync("listening");
        var to = new IPEndPoint(PodNetwork.PeerAddress(isIPv6: false), protocol == "http" ? http.Port : EchoPort);
        var clients = new List<WireClient>();
        try
        {
            // Code and pools that the first connections need are no cost of a connection.
            await OpenAsync(200);
            var before = Resident();
            await OpenAsync(Connections);
            var atOnce = Each();
            var quiet = await QuietAsync();
            output.WriteLine($"{Connections} idle intercepted connections, {protocol}: {quiet} bytes of resident memory each, {atOnce} right after the exchanges, {before / 1024} KiB before them");

            // Idle is not dead.
            await ExchangeAsync(clients[^1]);
            await ExchangeAsync(clients[0]);
            Assert.True(quiet <= MaxBytesEach, $"{quiet} bytes per idle connection, {atOnce} right after the exchanges");

            long Each() => (Resident() - before) / Connections;

            // The exchanges leave garbage, which is no cost of being idle; the proxy returns it once it was quiet for some seconds.
            async Task<long> QuietAsync()
            {
                var least = long.MaxValue;
                for (var second = 0; second < 30 && (second < 8 || least > MaxBytesEach); second++)
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

        long Resident() => network.Pods.Sum(pod => pod.Sidecar.ResidentBytes);

        async Task OpenAsync(int count)
        {
            var gate = new object();
            await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (number, _) =>
            {
                var client = await WireClient.ConnectAsync(network.Pods[number % pods].Network, to);
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
}
