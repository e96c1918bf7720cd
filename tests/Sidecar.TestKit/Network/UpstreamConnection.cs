using System.Net.Sockets;
using System.Text;

namespace Sidecar.TestKit.Network;

/// <summary>One accepted connection of a <see cref="ScriptedUpstream"/>, byte by byte in the script's hands.</summary>
public sealed class UpstreamConnection : IDisposable
{
    private readonly ScriptedUpstream _upstream;
    private readonly NetworkStream _stream;
    private int _requests;

    internal UpstreamConnection(ScriptedUpstream upstream, Socket socket, int number, CancellationToken stopping)
    {
        _upstream = upstream;
        Socket = socket;
        Number = number;
        Stopping = stopping;
        socket.NoDelay = true;
        _stream = new NetworkStream(socket, ownsSocket: false);
        Reader = new WireReader(_stream);
    }

    /// <summary>Counted from 1.</summary>
    public int Number { get; }

    /// <summary>The accepted socket.</summary>
    public Socket Socket { get; }

    /// <summary>What the proxy sends.</summary>
    public WireReader Reader { get; }

    /// <summary>The upstream is being disposed.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>The script ended this connection.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>The head of the next request, recorded; null when the proxy closed.</summary>
    public async Task<RecordedRequest?> ReadHeadAsync()
    {
        var head = await Reader.ReadThroughAsync("\r\n\r\n"u8.ToArray(), Stopping);
        if (head is null)
        {
            return null;
        }

        var request = new RecordedRequest(head, Number, ++_requests);
        _upstream.Record(request);
        return request;
    }

    /// <summary>The body of a request whose head was read.</summary>
    public Task ReadBodyAsync(RecordedRequest request) => request.ReadBodyAsync(Reader, Stopping);

    /// <summary>Sends bytes.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes, Stopping);

    /// <summary>Sends Latin-1 text.</summary>
    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Ends with FIN after everything that was sent.</summary>
    public void Close()
    {
        IsEnded = true;
        try
        {
            Socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // Gone already.
        }

        Socket.Close();
    }

    /// <summary>Ends with RST.</summary>
    public void Reset()
    {
        IsEnded = true;
        Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        Socket.Close();
    }

    /// <summary>No more bytes from here; what the proxy sends is still read.</summary>
    public void HalfClose() => Socket.Shutdown(SocketShutdown.Send);

    /// <summary>Completes when the proxy closes or resets; what it sends until then is swallowed.</summary>
    public async Task WaitForPeerCloseAsync()
    {
        try
        {
            while ((await Reader.ReadSomeAsync(Stopping)).Length > 0)
            {
            }
        }
        catch (IOException)
        {
        }

        IsEnded = true;
    }

    /// <inheritdoc/>
    public void Dispose() => Socket.Dispose();
}
