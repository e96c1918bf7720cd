using System.Collections.Concurrent;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Tests.LoadBalancing;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Tests.Upstream;

/// <summary>Races between requests and closing connections, many of them: whatever happens, no request arrives twice.</summary>
public class DuplicateTests
{
    private const int Requests = 2_000;
    private const int Workers = 4;

    private readonly ConcurrentDictionary<string, int> _arrivals = new(StringComparer.Ordinal);

    [Fact]
    public async Task SendAsync_ServerClosesAtRandomPoints_NoRequestArrivesTwiceAndNoUnsentOneArrives()
    {
        using var server = new RawServer();
        await using var registry = TestClusters.Registry();
        var cluster = registry.Start(TestClusters.Cluster(server.Address));
        using var stop = new CancellationTokenSource();
        var serving = ServeAllAsync(server, stop.Token);

        var results = new ConcurrentDictionary<string, UpstreamResult>(StringComparer.Ordinal);
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < Requests / Workers; i++)
            {
                var id = $"{worker}-{i}";
                var result = await cluster.SendAsync(i % 2 == 0 ? "DELETE" : "POST", customize: request => request.Headers.Add("x-id", id));
                results[id] = result;
                result.Response?.Dispose();
            }
        })));
        await stop.CancelAsync();
        await serving;

        Assert.All(_arrivals, arrival => Assert.Equal(1, arrival.Value));
        foreach (var (id, result) in results)
        {
            Assert.Contains(result.Error, new[] { ProxyError.None, ProxyError.UpstreamClosed });
            Assert.True(result.Response is null || _arrivals.ContainsKey(id), "An answer to a request that never arrived.");
            Assert.False(!result.WasSent && _arrivals.ContainsKey(id), "A request that arrived was called unsent.");
        }

        // The mill ground both kinds.
        Assert.Contains(results.Values, result => result.Error == ProxyError.UpstreamClosed);
        Assert.Contains(results.Values, result => result is { Error: ProxyError.None, IsConnectionReused: true });
    }

    private async Task ServeAllAsync(RawServer server, CancellationToken stop)
    {
        var serving = new List<Task>();
        var seed = 0;
        try
        {
            while (true)
            {
                serving.Add(ServeAsync(await server.AcceptOneAsync(stop), new SeededRandom(seed++)));
            }
        }
        catch (OperationCanceledException)
        {
            server.Dispose();
        }

        await Task.WhenAll(serving);
    }

    private async Task ServeAsync(RawConnection connection, SeededRandom random)
    {
        try
        {
            while (true)
            {
                var head = await connection.ReadHeadAsync();
                var id = head.Split("x-id: ")[1].Split("\r\n")[0];
                _arrivals.AddOrUpdate(id, 1, static (_, count) => count + 1);
                switch (random.Next(6))
                {
                    case 0:
                        connection.Dispose();
                        return;
                    case 1:
                        connection.Reset();
                        return;
                    case 2:
                        await connection.RespondAsync();
                        connection.Dispose();
                        return;
                    case 3:
                        await connection.RespondAsync();
                        connection.Reset();
                        return;
                    default:
                        await connection.RespondAsync();
                        break;
                }
            }
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or ObjectDisposedException or Xunit.Sdk.XunitException)
        {
            // The client closed.
        }
    }
}
