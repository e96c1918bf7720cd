using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sidecar.TestKit.Network;

/// <summary>How the other side ended a connection.</summary>
public enum ConnectionEnd
{
    /// <summary>FIN.</summary>
    Closed,

    /// <summary>RST.</summary>
    Reset,
}

/// <summary>An HTTP/1.1 client that sends exactly the bytes it is given and shows exactly the bytes it got.</summary>
public sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly NetworkStream _stream;

    private RawClient(IPEndPoint endPoint)
    {
        _socket.Connect(endPoint);
        _stream = new NetworkStream(_socket, ownsSocket: false);
        Reader = new WireReader(_stream);
    }

    /// <summary>What the proxy sends.</summary>
    public WireReader Reader { get; }

    /// <summary>The connection as a stream.</summary>
    public Stream Stream => _stream;

    /// <summary>Connects.</summary>
    public static RawClient Connect(IPEndPoint endPoint) => new(endPoint);

    /// <summary>One request on an own connection.</summary>
    public static async Task<RawResponse> ExchangeAsync(IPEndPoint endPoint, string request)
    {
        using var client = Connect(endPoint);
        await client.SendAsync(request);
        return await client.ReadResponseAsync(isHead: request.StartsWith("HEAD ", StringComparison.Ordinal));
    }

    /// <summary>Sends bytes.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await Patience.Await(_stream.WriteAsync(bytes).AsTask(), "the proxy takes the bytes");

    /// <summary>Sends Latin-1 text.</summary>
    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>The next final response, whole.</summary>
    public async Task<RawResponse> ReadResponseAsync(bool isHead = false)
    {
        var response = await ReadHeadAsync();
        await Patience.Await(response.ReadBodyAsync(Reader, isHead, default), "the response body ends");
        return response;
    }

    /// <summary>The head of the next final response; its body stays on the wire.</summary>
    public async Task<RawResponse> ReadHeadAsync()
    {
        var interim = new List<RawResponse>();
        while (true)
        {
            var response = await ReadAnyHeadAsync(interim);
            if (response.Status is 101 or >= 200)
            {
                return response;
            }

            interim.Add(response);
        }
    }

    /// <summary>The head of the next response, interim ones included.</summary>
    public async Task<RawResponse> ReadAnyHeadAsync(IReadOnlyList<RawResponse>? interim = null)
    {
        var head = await Patience.Await(Reader.ReadThroughAsync("\r\n\r\n"u8.ToArray()), "a response head arrives")
            ?? throw new EndOfStreamException("the proxy closed without an answer");
        return new RawResponse(head) { Interim = interim ?? [] };
    }

    /// <summary>No more bytes from the caller; it still reads.</summary>
    public void HalfClose() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>The caller goes away with RST.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        _socket.Close();
    }

    /// <summary>Waits until the proxy ends the connection; bytes before that are swallowed.</summary>
    public async Task<ConnectionEnd> WaitForEndAsync()
    {
        try
        {
            while ((await Patience.Await(Reader.ReadSomeAsync(), "the proxy closes the connection")).Length > 0)
            {
            }

            return ConnectionEnd.Closed;
        }
        catch (IOException)
        {
            return ConnectionEnd.Reset;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
    }
}
