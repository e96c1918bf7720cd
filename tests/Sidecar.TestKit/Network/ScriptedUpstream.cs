using System.Net;
using System.Net.Sockets;

namespace Sidecar.TestKit.Network;

/// <summary>
/// An HTTP/1.1 server that does exactly what the test wrote and remembers exactly what it was sent: the judge of
/// what left the proxy.
/// </summary>
public sealed class ScriptedUpstream : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly Func<UpstreamConnection, Task> _script;
    private readonly CancellationTokenSource _stopping = new();
    private readonly object _gate = new();
    private readonly List<RecordedRequest> _requests = [];
    private readonly List<UpstreamConnection> _connections = [];
    private readonly Task _accepting;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ScriptedUpstream(Func<UpstreamConnection, Task> script, int port)
    {
        _script = script;
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listener.Listen(512);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>Chosen by the kernel unless given.</summary>
    public int Port { get; }

    /// <summary>As a destination's address.</summary>
    public string Address => $"http://127.0.0.1:{Port}";

    /// <summary>As the <c>Host</c> of a request that goes here directly.</summary>
    public string Authority => $"127.0.0.1:{Port}";

    /// <summary>Connections accepted so far.</summary>
    public int ConnectionCount
    {
        get
        {
            lock (_gate)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>Requests whose head arrived, in order of arrival.</summary>
    public IReadOnlyList<RecordedRequest> Requests
    {
        get
        {
            lock (_gate)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>Every byte received on every connection.</summary>
    public long BytesReceived
    {
        get
        {
            lock (_gate)
            {
                return _connections.Sum(connection => connection.Reader.BytesReceived);
            }
        }
    }

    /// <summary>Reads each request whole (answering <c>Expect: 100-continue</c>), then plays the script's answer.</summary>
    public static ScriptedUpstream Answering(Func<RecordedRequest, Answer> script, int port = 0) =>
        new(connection => ServeAsync(connection, script), port);

    /// <summary>Every request gets the same answer.</summary>
    public static ScriptedUpstream Answering(Func<Answer> script) => Answering(_ => script());

    /// <summary>The n-th request gets the n-th answer, the last one for ever.</summary>
    public static ScriptedUpstream InTurn(params Func<Answer>[] answers)
    {
        var turn = -1;
        return Answering(_ => answers[Math.Min(Interlocked.Increment(ref turn), answers.Length - 1)]());
    }

    /// <summary>The script has the bare connection.</summary>
    public static ScriptedUpstream Running(Func<UpstreamConnection, Task> script, int port = 0) => new(script, port);

    /// <summary>How many requests carried this <c>x-request-id</c>: the ledger of repetitions.</summary>
    public int CountOf(string requestId) => Requests.Count(request => request.All("x-request-id").Contains(requestId));

    /// <summary>Waits until so many requests arrived, and gives them all.</summary>
    public async Task<IReadOnlyList<RecordedRequest>> WaitForRequestsAsync(int count)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_requests.Count >= count)
                {
                    return [.. _requests];
                }

                changed = _changed.Task;
            }

            await Patience.Await(changed, $"request {count} reaches the upstream");
        }
    }

    /// <summary>Closes every open connection (FIN) but keeps listening: idle connections of the proxy become stale.</summary>
    public void CloseConnections()
    {
        lock (_gate)
        {
            foreach (var connection in _connections)
            {
                connection.Close();
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        lock (_gate)
        {
            _connections.ForEach(connection => connection.Dispose());
        }

        await _accepting;
        _stopping.Dispose();
    }

    internal void Record(RecordedRequest request)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _requests.Add(request);
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    private static async Task ServeAsync(UpstreamConnection connection, Func<RecordedRequest, Answer> script)
    {
        while (!connection.IsEnded && await connection.ReadHeadAsync() is { } request)
        {
            if (request.All("expect") is ["100-continue"])
            {
                await connection.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
            }

            await connection.ReadBodyAsync(request);
            await script(request).PlayAsync(connection);
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync(_stopping.Token);
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            UpstreamConnection connection;
            lock (_gate)
            {
                connection = new UpstreamConnection(this, socket, _connections.Count + 1, _stopping.Token);
                _connections.Add(connection);
            }

            _ = RunAsync(connection);
        }
    }

    private async Task RunAsync(UpstreamConnection connection)
    {
        try
        {
            await _script(connection);
            if (!connection.IsEnded)
            {
                connection.Close();
            }
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The proxy went away, or the test is over.
            connection.Dispose();
        }
    }
}
