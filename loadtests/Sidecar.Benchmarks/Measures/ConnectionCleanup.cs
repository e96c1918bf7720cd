using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Benchmarks.Measures;

/// <summary>
/// A reload takes away a cluster that holds a thousand idle connections: the time until all are closed and nothing of them is
/// left in the books. Beside it the same number of sockets closed by themselves: what the kernel takes of it.
/// </summary>
internal static class ConnectionCleanup
{
    private const int Connections = 1000, Repetitions = 5;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(Figures figures)
    {
        for (var i = -1; i < Repetitions; i++)
        {
            var ours = await OursAsync();
            var kernel = Kernel();
            if (i >= 0)
            {
                figures.Add("connections.cluster", "ms", ours);
                figures.Add("connections.kernel", "ms", kernel);
            }
        }
    }

    private static async Task<double> OursAsync()
    {
        using var peer = new Peer();
        var live = new LiveRoutes("orders: { match: { path: '/{**rest}' }, cluster: up }", $"a: {{ address: 'http://127.0.0.1:{peer.Port}' }}");
        var cluster = live.Clusters.Find("up")!;
        var destination = cluster.Destinations.All[0];
        var answering = Task.Run(() => peer.AnswerOnce(Connections));
        var results = await Task.WhenAll(Numbered.Of(Connections, async _ =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(destination.Address, "/"));
            return await cluster.SendAsync(request, new UpstreamCall(destination, NeedsFreshConnection: false, ConnectTimeout: Limit, IsCallerHttp2: false), CancellationToken.None);
        }));
        await answering;
        foreach (var result in results)
        {
            (result.Response ?? throw new InvalidOperationException($"{result.Error}: {result.Detail}")).Dispose();
            result.Use!.Ended();
        }

        if (cluster.OpenConnections != Connections)
        {
            throw new InvalidOperationException($"{cluster.OpenConnections} connections are open.");
        }

        GC.Collect();
        var began = Stopwatch.GetTimestamp();
        live.Clusters.Apply([]);
        while (cluster.OpenConnections > 0)
        {
            if (Stopwatch.GetElapsedTime(began) > Limit)
            {
                throw new TimeoutException($"{cluster.OpenConnections} connections are still open.");
            }

            // Some microseconds without a system call: asking takes the lock that closing needs.
            Thread.SpinWait(500);
        }

        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private static double Kernel()
    {
        using var peer = new Peer();
        var sockets = Numbered.Of(Connections, _ =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Connect(IPAddress.Loopback, peer.Port);
            socket.Send("GET / HTTP/1.1\r\n\r\n"u8);
            return socket;
        });
        peer.AnswerOnce(Connections);
        var buffer = new byte[1024];
        Array.ForEach(sockets, socket => socket.Receive(buffer));
        GC.Collect();
        var began = Stopwatch.GetTimestamp();
        Array.ForEach(sockets, static socket => socket.Dispose());
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    /// <summary>Answers each connection once, when all have asked, and then does nothing: its work must not be in the figure.</summary>
    private sealed class Peer : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly List<Socket> _accepted = [];

        public Peer()
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen(Connections);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

        public void AnswerOnce(int connections)
        {
            var buffer = new byte[1024];
            while (_accepted.Count < connections)
            {
                _accepted.Add(_listener.Accept());
            }

            _accepted.ForEach(socket => socket.Receive(buffer));
            _accepted.ForEach(static socket => socket.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8));
        }

        public void Dispose()
        {
            _accepted.ForEach(static socket => socket.Dispose());
            _listener.Dispose();
        }
    }
}
