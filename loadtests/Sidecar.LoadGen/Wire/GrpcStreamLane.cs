using System.Buffers.Binary;
using System.Net;
using System.Threading.Channels;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Loop;

namespace Sidecar.LoadGen.Wire;

/// <summary>
/// A <see cref="Lane"/> that is one stream of a call in the manner of gRPC, open in both directions: an exchange is a message and its echo.
/// Through the framework's client, as <see cref="H2Lane"/>. A stream that ended is opened anew by the next exchange, and counted.
/// </summary>
public sealed class GrpcStreamLane(IReactor reactor, HttpMessageInvoker client, Uri address, int messageBytes) : Lane
{
    private readonly byte[] _message = Message(messageBytes);
    private Channel<byte[]>? _sending;
    private CancellationTokenSource? _stream;
    private bool _isBusy;

    /// <inheritdoc/>
    public override bool IsBusy => _isBusy;

    /// <inheritdoc/>
    public override void Begin(RequestImage request)
    {
        _isBusy = true;
        Begun = reactor.Now;
        if (_stream is null)
        {
            Connections++;
            _stream = new CancellationTokenSource();
            _sending = Channel.CreateUnbounded<byte[]>();
            _ = CarryAsync(_stream, _sending.Reader);
        }

        _sending!.Writer.TryWrite(_message);
    }

    /// <inheritdoc/>
    public override void Abandon(string problem)
    {
        if (_isBusy)
        {
            End(_stream!, new ExchangeResult(problem, 0, 0));
        }
    }

    /// <inheritdoc/>
    public override void Close()
    {
        _isBusy = false;
        _stream?.Cancel();
        _stream = null;
    }

    private static byte[] Message(int bytes)
    {
        var message = new byte[5 + bytes];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), bytes);
        return message;
    }

    private async Task CarryAsync(CancellationTokenSource stream, ChannelReader<byte[]> messages)
    {
        var problem = "stream ended";
        try
        {
            using var request = H2Exchange.Request(address, 0);
            request.Method = HttpMethod.Post;
            request.Content = new StreamedMessages(messages, stream.Token);
            request.Headers.TryAddWithoutValidation("te", "trailers");
            using var response = await client.SendAsync(request, stream.Token).ConfigureAwait(false);
            problem = response.StatusCode == HttpStatusCode.OK ? problem : "status";
            if (response.StatusCode == HttpStatusCode.OK)
            {
                using var body = await response.Content.ReadAsStreamAsync(stream.Token).ConfigureAwait(false);
                var echo = new byte[_message.Length];
                while (true)
                {
                    await body.ReadExactlyAsync(echo, stream.Token).ConfigureAwait(false);
                    reactor.Post(() => Echoed(stream));
                }
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            // Told below.
        }

        reactor.Post(() => End(stream, new ExchangeResult(problem, 0, 0)));
    }

    private void Echoed(CancellationTokenSource stream)
    {
        if (stream == _stream && _isBusy)
        {
            _isBusy = false;
            Completed?.Invoke(this, new ExchangeResult(null, 200, messageBytes));
        }
    }

    // A stream that ended while nothing was under way fails nothing by itself, but the next exchange opens another.
    private void End(CancellationTokenSource stream, ExchangeResult result)
    {
        if (stream != _stream)
        {
            return;
        }

        var wasBusy = _isBusy;
        Close();
        if (wasBusy)
        {
            Completed?.Invoke(this, result);
        }
    }

    private sealed class StreamedMessages : HttpContent
    {
        private readonly ChannelReader<byte[]> _messages;
        private readonly CancellationToken _ended;

        public StreamedMessages(ChannelReader<byte[]> messages, CancellationToken ended)
        {
            (_messages, _ended) = (messages, ended);
            Headers.TryAddWithoutValidation("content-type", "application/grpc");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync(_ended);
            await foreach (var message in _messages.ReadAllAsync(_ended))
            {
                await stream.WriteAsync(message, _ended);
                await stream.FlushAsync(_ended);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
