using System.Net;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Loop;

namespace Sidecar.LoadGen.Wire;

/// <summary>
/// A <see cref="Lane"/> that is one stream at a time of a shared HTTP/2 connection, through the framework's client:
/// heavier than <see cref="SocketLane"/>, so that its CPU must not be compared with that one's.
/// </summary>
public sealed class H2Lane(IReactor reactor, HttpMessageInvoker client, Func<HttpRequestMessage> makeRequest) : Lane
{
    private CancellationTokenSource? _cancellation;
    private long _exchange;

    /// <inheritdoc/>
    public override bool IsBusy => _cancellation is not null;

    /// <inheritdoc/>
    public override void Begin(RequestImage request)
    {
        ArgumentNullException.ThrowIfNull(request);
        Begun = reactor.Now;
        _cancellation = new CancellationTokenSource();
        _ = SendAsync(++_exchange, request.ExpectedStatus, _cancellation.Token);
    }

    /// <inheritdoc/>
    public override void Abandon(string problem)
    {
        if (IsBusy)
        {
            _exchange++; // what still comes of it is late
            _cancellation!.Cancel();
            End(new ExchangeResult(problem, 0, 0));
        }
    }

    /// <inheritdoc/>
    public override void Close()
    {
        _exchange++;
        _cancellation?.Cancel();
        _cancellation = null;
    }

    private void End(ExchangeResult result)
    {
        _cancellation!.Dispose();
        _cancellation = null;
        Completed?.Invoke(this, result);
    }

    private async Task SendAsync(long exchange, int expectedStatus, CancellationToken cancellation)
    {
        ExchangeResult result;
        try
        {
            result = await H2Exchange.SendAsync(client, makeRequest(), expectedStatus, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            result = new ExchangeResult("h2 failed", 0, 0);
        }

        reactor.Post(() =>
        {
            if (exchange == _exchange && IsBusy)
            {
                End(result);
            }
        });
    }
}

/// <summary>HTTP/2 over cleartext with prior knowledge, plain and in the manner of gRPC.</summary>
public static class H2Exchange
{
    /// <summary>A client with one connection.</summary>
    public static HttpMessageInvoker Client() => new(
        new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            EnableMultipleHttp2Connections = false,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(10),
        },
        disposeHandler: true);

    /// <summary>GET, or POST when there is a body.</summary>
    public static HttpRequestMessage Request(Uri address, int bodyBytes) => new(bodyBytes > 0 ? HttpMethod.Post : HttpMethod.Get, address)
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = bodyBytes > 0 ? new ByteArrayContent(new byte[bodyBytes]) : null,
    };

    /// <summary>A unary call with a message of so many bytes, uncompressed.</summary>
    public static HttpRequestMessage GrpcRequest(Uri address, int messageBytes)
    {
        var message = new byte[5 + messageBytes];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), messageBytes);
        var request = Request(address, 0);
        request.Method = HttpMethod.Post;
        request.Content = new ByteArrayContent(message);
        request.Content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
        request.Headers.TryAddWithoutValidation("te", "trailers");
        return request;
    }

    /// <summary>Sends and reads to the end. A call in the manner of gRPC must end with <c>grpc-status: 0</c>.</summary>
    public static async Task<ExchangeResult> SendAsync(HttpMessageInvoker client, HttpRequestMessage request, int expectedStatus, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(request);
        using (request)
        {
            using var response = await client.SendAsync(request, cancellation).ConfigureAwait(false);
            var body = await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
            var isGrpc = request.Headers.TE.Count > 0;
            var problem = (int)response.StatusCode != expectedStatus ? "status"
                : isGrpc && (!response.TrailingHeaders.TryGetValues("grpc-status", out var status) || status.FirstOrDefault() != "0") ? "grpc-status"
                : null;
            return new ExchangeResult(problem, (int)response.StatusCode, body.Length);
        }
    }
}
