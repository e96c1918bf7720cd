using System.Net.Sockets;

namespace Sidecar.Interception.Tests.Corpus;

/// <summary>One thing a side does: sends, reads and writes down, waits for the other side, ends.</summary>
internal delegate Task Step(Side side);

/// <summary>One end of one connection (or of one HTTP/2 stream of it), in the hands of a script.</summary>
internal sealed class Side : IDisposable
{
    private Stream _stream;

    /// <summary>An end of a connection.</summary>
    public Side(Conversation conversation, Transcript transcript, Socket socket)
    {
        Conversation = conversation;
        Transcript = transcript;
        Socket = socket;
        socket.NoDelay = true;
        _stream = new NetworkStream(socket, ownsSocket: false);
        Reader = new WireReader(_stream);
    }

    private Side(Side connection, Http2Stream http2, int turn)
    {
        Conversation = connection.Conversation;
        Transcript = connection.Transcript;
        Socket = connection.Socket;
        _stream = connection._stream;
        Reader = connection.Reader;
        Http2 = connection.Http2;
        Http2Stream = http2;
        Turn = turn;
    }

    /// <summary>What both sides belong to.</summary>
    public Conversation Conversation { get; }

    /// <summary>Where this side writes down what it sees.</summary>
    public Transcript Transcript { get; }

    /// <summary>The connection.</summary>
    public Socket Socket { get; }

    /// <summary>The connection as a stream; replaced by TLS.</summary>
    public Stream Stream
    {
        get => _stream;
        set
        {
            _stream = value;
            Reader = new WireReader(value);
        }
    }

    /// <summary>What arrives.</summary>
    public WireReader Reader { get; private set; }

    /// <summary>The HTTP/1 request being answered, on the server's side.</summary>
    public RecordedRequest? Request { get; set; }

    /// <summary>The HTTP/2 connection, once opened.</summary>
    public Http2Connection? Http2 { get; set; }

    /// <summary>The stream that the next HTTP/2 step speaks on.</summary>
    public Http2Stream? Http2Stream { get; set; }

    /// <summary>Streams to go back to.</summary>
    public Dictionary<string, Http2Stream> Kept { get; } = [];

    /// <summary>The server's turn that this stream is, counted from 1.</summary>
    public int Turn { get; }

    /// <summary>The script ended the connection.</summary>
    public bool IsEnded { get; set; }

    /// <summary>The end of the conversation's time.</summary>
    public CancellationToken Cancellation => Conversation.Cancellation;

    /// <summary>This connection's side for one stream of it.</summary>
    public Side On(Http2Stream stream, int turn) => new(this, stream, turn);

    /// <summary>Sends bytes.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await _stream.WriteAsync(bytes, Cancellation);
        await _stream.FlushAsync(Cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        Socket.Dispose();
    }
}
