using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace Sidecar.Proxy.Tests.Upstream;

/// <summary>A TCP server on a loopback port that hands each accepted connection to the test.</summary>
internal sealed class RawServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Channel<RawConnection> _accepted = Channel.CreateUnbounded<RawConnection>();
    private readonly ConcurrentBag<RawConnection> _all = [];

    public RawServer()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public Uri Address => new($"http://127.0.0.1:{Port}/");

    public int AcceptedCount => _all.Count;

    public async Task<RawConnection> AcceptOneAsync(CancellationToken cancellationToken = default) =>
        await _accepted.Reader.ReadAsync(cancellationToken).AsTask().WaitAsync(Limits.Safety, CancellationToken.None);

    public void Dispose()
    {
        _listener.Dispose();
        foreach (var connection in _all)
        {
            connection.Dispose();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var connection = new RawConnection(await _listener.AcceptSocketAsync());
                _all.Add(connection);
                _accepted.Writer.TryWrite(connection);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            _accepted.Writer.TryComplete();
        }
    }
}

/// <summary>One accepted connection, in bytes (Latin-1 text).</summary>
internal sealed class RawConnection(Socket socket) : IDisposable
{
    private readonly StringBuilder _buffered = new();

    /// <summary>Reads up to and with the empty line after a request head.</summary>
    public Task<string> ReadHeadAsync() => ReadUntilAsync("\r\n\r\n");

    /// <summary>Reads up to and with a text.</summary>
    public async Task<string> ReadUntilAsync(string end)
    {
        var buffer = new byte[4096];
        while (true)
        {
            var text = _buffered.ToString();
            var at = text.IndexOf(end, StringComparison.Ordinal);
            if (at >= 0)
            {
                _buffered.Remove(0, at + end.Length);
                return text[..(at + end.Length)];
            }

            var read = await ReadSomeAsync(buffer);
            Assert.True(read > 0, $"The client closed after '{text}'.");
            _buffered.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
    }

    /// <summary>True when the client closed or reset without another byte.</summary>
    public async Task<bool> IsClosedByPeerAsync()
    {
        try
        {
            return _buffered.Length == 0 && await ReadSomeAsync(new byte[1]) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>Reads, and drops, whatever comes until the client closes or resets.</summary>
    /// <returns><see cref="SocketError.Success"/> for an orderly end, else what the kernel said.</returns>
    public async Task<SocketError> ReadToEndAsync()
    {
        try
        {
            while (await ReadSomeAsync(new byte[4096]) > 0)
            {
            }

            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }

    public async Task WriteAsync(string text) => await socket.SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task WriteAsync(byte[] bytes) => await socket.SendAsync(bytes);

    public Task RespondAsync(string body = "ok") => WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}");

    public async Task<byte[]> ReadExactlyAsync(int count)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var read = await socket.ReceiveAsync(bytes.AsMemory(at)).AsTask().WaitAsync(Limits.Safety);
            Assert.True(read > 0, "The client closed.");
            at += read;
        }

        return bytes;
    }

    public void HalfClose() => socket.Shutdown(SocketShutdown.Send);

    public void Reset()
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Dispose();
    }

    public void Dispose() => socket.Dispose();

    private Task<int> ReadSomeAsync(byte[] buffer) => socket.ReceiveAsync(buffer.AsMemory()).AsTask().WaitAsync(Limits.Safety);
}
