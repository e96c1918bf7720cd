using System.Net;
using System.Net.Sockets;
using System.Text;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Wire;

namespace Sidecar.LoadGen.Tests.Wire;

/// <summary>Real sockets on loopback; the server side is plain blocking code on its own thread.</summary>
public sealed class SocketLaneTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly EpollReactor _reactor = new(TimeSpan.Zero);

    public SocketLaneTests() => _listener.Start();

    public void Dispose()
    {
        _listener.Dispose();
        _reactor.Dispose();
    }

    [Fact]
    public void Begin_TwoExchanges_UseOneConnection()
    {
        using var server = Serve("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        var lane = Lane();
        Assert.Equal(new ExchangeResult(null, 200, 2), Exchange(lane));
        Assert.Equal(new ExchangeResult(null, 200, 2), Exchange(lane));
        Assert.Equal(1, lane.Connections);
        lane.Close();
    }

    [Fact]
    public void Begin_AfterConnectionClose_OpensAnother()
    {
        using var server = Serve("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        var lane = Lane();
        Assert.Null(Exchange(lane).Problem);
        using var second = Serve("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Assert.Null(Exchange(lane).Problem);
        Assert.Equal(2, lane.Connections);
        lane.Close();
    }

    [Fact]
    public void Begin_AnotherStatus_IsAFailureThatNamesIt()
    {
        using var server = Serve("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(new ExchangeResult("status", 503, 0), Exchange(Lane()));
    }

    [Fact]
    public void Begin_MoreThanWasAsked_IsAFailure()
    {
        using var server = Serve("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n");
        Assert.Equal("more than one answer", Exchange(Lane()).Problem);
    }

    [Fact]
    public void Begin_NobodyListens_Fails()
    {
        var lane = Lane();
        _listener.Stop();
        Assert.Equal("connect failed", Exchange(lane).Problem);
    }

    [Fact]
    public void Begin_LargeBodyBothWays_ArrivesWhole()
    {
        const int size = 3_000_000;
        using var server = Serve(size, $"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n{new string('x', size)}");
        var lane = Lane();
        Assert.Equal(new ExchangeResult(null, 200, size), Exchange(lane, RequestImage.Http("POST", "bench", "/", size)));
        lane.Close();
    }

    [Fact]
    public void Abandon_Waiting_CompletesWithTheReason()
    {
        using var server = Serve();
        var lane = Lane();
        ExchangeResult? result = null;
        lane.Completed = (_, ended) => result = ended;
        lane.Begin(RequestImage.Http("GET", "bench", "/"));
        _reactor.Wait(_reactor.Now + 1_000_000);
        lane.Abandon("timeout");
        Assert.Equal("timeout", result?.Problem);
        Assert.False(lane.IsBusy);
    }

    private SocketLane Lane() => new(_reactor, (IPEndPoint)_listener.LocalEndpoint, () => new HttpResponseReader());

    private ExchangeResult Exchange(SocketLane lane, RequestImage? request = null)
    {
        ExchangeResult? result = null;
        lane.Completed = (_, ended) => result = ended;
        lane.Begin(request ?? RequestImage.Http("GET", "bench", "/"));
        for (var limit = _reactor.Now + 30_000_000_000; result is null && _reactor.Now < limit;)
        {
            _reactor.Wait(_reactor.Now + 100_000_000);
        }

        return Assert.NotNull(result);
    }

    private Answering Serve(params string[] answers) => new(_listener, 0, answers);

    private Answering Serve(int bodyBytes, params string[] answers) => new(_listener, bodyBytes, answers);

    private sealed class Answering : IDisposable
    {
        private readonly Task _task;

        public Answering(TcpListener listener, int bodyBytes, string[] answers) => _task = Task.Run(async () =>
        {
            using var socket = await listener.AcceptSocketAsync();
            await using var stream = new NetworkStream(socket);
            foreach (var answer in answers)
            {
                await ReadRequestAsync(stream, bodyBytes);
                await stream.WriteAsync(Encoding.Latin1.GetBytes(answer));
                if (answer.Contains("close", StringComparison.Ordinal))
                {
                    return;
                }
            }

            // Until the other side has gone.
            while (await stream.ReadAsync(new byte[4096]) > 0)
            {
            }
        });

        public void Dispose() => GC.KeepAlive(_task);

        private static async Task ReadRequestAsync(Stream stream, int bodyBytes)
        {
            var head = new StringBuilder();
            var one = new byte[1];
            while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                await stream.ReadExactlyAsync(one);
                head.Append((char)one[0]);
            }

            await stream.ReadExactlyAsync(new byte[bodyBytes]);
        }
    }
}
