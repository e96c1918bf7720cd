using System.Net.Http;
using Microsoft.AspNetCore.Http;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Forwarding;

/// <summary>When the head of a response goes to the caller: with the first bytes of the body, unless there is reason not to wait for them.</summary>
internal static class ResponseStart
{
    /// <summary>
    /// The upstream gave no length and then no body. Left to itself the server below would announce a length of zero, which
    /// the upstream did not say. Not for gRPC, whose trailers-only answers are one block of headers that ends the stream.
    /// </summary>
    public static Task StartIfEmptyAsync(HttpResponse response, HttpExchange exchange) =>
        response.HasStarted || response.ContentLength is not null || (exchange.IsGrpc && GrpcContentType.Matches(response.ContentType))
            || HttpMethods.IsHead(exchange.Method)
            || response.StatusCode is < 200 or StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified
            ? Task.CompletedTask
            : response.StartAsync();

    /// <summary>
    /// Headers travel with the first body bytes, in one system call, when these are here already. When the upstream lets
    /// the body wait (event streams, initial metadata of gRPC), the headers must not wait with it.
    /// </summary>
    public static ValueTask FlushIfTheBodyWaitsAsync(HttpResponse response, Stream body, CancellationToken cancellationToken)
    {
        var available = body.ReadAsync(Memory<byte>.Empty, cancellationToken);
        if (!available.IsCompletedSuccessfully)
        {
            return FlushAndWaitAsync(response, available, cancellationToken);
        }

        _ = available.Result;
        return ValueTask.CompletedTask;
    }

    private static async ValueTask FlushAndWaitAsync(HttpResponse response, ValueTask<int> available, CancellationToken cancellationToken)
    {
        await response.Body.FlushAsync(cancellationToken);
        try
        {
            await available;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
            // The copy of the body meets the same end, and tells it.
        }
    }
}
