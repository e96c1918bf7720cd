using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sidecar.Interception.Tests.Topology;

/// <summary>A client inside a namespace that sends exactly what it is given.</summary>
internal sealed class WireClient : IDisposable
{
    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly WireReader _reader;

    private WireClient(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _reader = new WireReader(_stream);
    }

    /// <summary>Connects from the namespace.</summary>
    public static async Task<WireClient> ConnectAsync(NetworkNamespace from, IPEndPoint to) => new(await from.ConnectAsync(to));

    /// <summary>One GET on a connection of its own.</summary>
    public static async Task<RawResponse> GetAsync(NetworkNamespace from, IPEndPoint to, string target = "/", string host = "app.test")
    {
        using var client = await ConnectAsync(from, to);
        return await client.GetAsync(target, host);
    }

    /// <summary>One GET; the connection stays open.</summary>
    public async Task<RawResponse> GetAsync(string target = "/", string host = "app.test")
    {
        await SendAsync($"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        var head = await Patience.Await(_reader.ReadThroughAsync("\r\n\r\n"u8.ToArray()), "a response head arrives") ?? throw new EndOfStreamException("closed without an answer");
        var response = new RawResponse(head);
        await Patience.Await(response.ReadBodyAsync(_reader, isHead: false, default), "the response's body ends");
        return response;
    }

    /// <summary>Sends Latin-1 text.</summary>
    public async Task SendAsync(string text) => await _stream.WriteAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>So many bytes, as Latin-1.</summary>
    public async Task<string> ReceiveAsync(int count) => Encoding.Latin1.GetString(await Patience.Await(_reader.ReadExactlyAsync(count), $"{count} bytes arrive"));

    /// <summary>Everything until the other side ends the connection, however it does.</summary>
    public async Task<string> ReceiveToEndAsync()
    {
        var text = new StringBuilder();
        try
        {
            while (await Patience.Await(_reader.ReadSomeAsync(), "the connection ends") is { Length: > 0 } some)
            {
                text.Append(Encoding.Latin1.GetString(some));
            }
        }
        catch (IOException)
        {
            // RST.
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
    }
}
