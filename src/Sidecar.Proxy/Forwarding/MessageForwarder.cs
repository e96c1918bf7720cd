using System.Buffers;
using System.Net.Http;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Pooling;
using Sidecar.Proxy.Upstream;
using Yarp.ReverseProxy.Forwarder;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// The two ends of a request that is a message in both directions, a head, a body, trailers: makes what goes upstream, and copies
/// what comes back. Nearly all are; upgrades, and routes with Yarp's transforms, go through Yarp's forwarder
/// (src/decisions/0015-own-forwarder-for-messages.md).
/// </summary>
internal static class MessageForwarder
{
    // A sidecar's usual answer fits the first. One that fills it is large, and fewer, larger reads are worth the memory.
    private const int FirstBufferBytes = 16 * 1024, LargeBufferBytes = 64 * 1024;

    /// <summary>What goes upstream.</summary>
    public static UpstreamMessage Message(HttpContext context, HttpExchange exchange)
    {
        var message = exchange.TakeMessage(context.Request.Headers.Host);
        message.Method = HttpMethod.Parse(exchange.Method);
        if (exchange.CallerBody is { } body)
        {
            message.Content = new RequestBodyContent(body);
        }

        exchange.Transformer.CopyHead(context.Request, message);
        return message;
    }

    /// <summary>Copies the answer to the caller. Throws for defects only.</summary>
    /// <param name="context">The caller.</param>
    /// <param name="exchange">The request.</param>
    /// <param name="response">What came; disposed here.</param>
    /// <param name="cancellationToken">Ends it: the caller is gone, or a clock of the transfer ran out.</param>
    [AsyncMethodBuilder(typeof(PooledValueTaskBuilder<>))]
    public static async ValueTask<ForwarderError> AnswerAsync(
        HttpContext context, HttpExchange exchange, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = Stream.Null;
        try
        {
            CopyStatus(response, context, exchange);
            if (!exchange.Transformer.CopyHead(response, context))
            {
                response.Dispose();
                return ForwarderError.None;
            }

            body = response.Content.ReadAsStream(cancellationToken);
        }
        catch (Exception e)
        {
            // A field that the server half cannot write.
            response.Dispose();
            return Broken(exchange, e, ForwarderError.ResponseHeaders);
        }

        // What only comes by length cannot have trailers, and needs no read to find its end.
        var length = response.Version.Major == 1 ? context.Response.ContentLength : null;
        var error = await CopyBodyAsync(context.Response, exchange, body, length, cancellationToken);
        return error == ForwarderError.None && length is null ? await CopyTrailersAsync(context, exchange, response, cancellationToken) : error;
    }

    private static void CopyStatus(HttpResponseMessage response, HttpContext context, HttpExchange exchange)
    {
        var status = (int)response.StatusCode;
        context.Response.StatusCode = status;
        if (!exchange.IsCallerHttp2 && response.ReasonPhrase is var reason && reason != ReasonPhrases.GetReasonPhrase(status))
        {
            context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = reason;
        }
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskBuilder<>))]
    private static async ValueTask<ForwarderError> CopyBodyAsync(
        HttpResponse caller, HttpExchange exchange, Stream upstream, long? length, CancellationToken cancellationToken)
    {
        byte[]? buffer = null;
        var isReading = false;
        try
        {
            await ResponseStart.FlushIfTheBodyWaitsAsync(caller, upstream, cancellationToken);
            isReading = true;
            for (long copied = 0; copied != length;)
            {
                buffer ??= ArrayPool<byte>.Shared.Rent(FirstBufferBytes);
                var read = await upstream.ReadAsync(buffer, cancellationToken);
                if (read == 0)
                {
                    break;
                }

                isReading = false;
                copied += read;
                await exchange.Output.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                isReading = true;
                if (copied == length)
                {
                    break;
                }

                if (read == buffer.Length && read < LargeBufferBytes)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(LargeBufferBytes);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }

                // A read of nothing ends when there is something: who waits for that holds no buffer.
                var available = upstream.ReadAsync(Memory<byte>.Empty, cancellationToken);
                if (!available.IsCompleted)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = null;
                }

                await available;
            }

            return ForwarderError.None;
        }
        catch (Exception e)
        {
            return Broken(exchange, e, cancellationToken.IsCancellationRequested ? ForwarderError.ResponseBodyCanceled
                : isReading ? ForwarderError.ResponseBodyDestination
                : ForwarderError.ResponseBodyClient);
        }
        finally
        {
            if (buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            // Unread to its end, this closes its connection.
            upstream.Dispose();
        }
    }

    private static async ValueTask<ForwarderError> CopyTrailersAsync(
        HttpContext context, HttpExchange exchange, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            await exchange.Transformer.TransformResponseTrailersAsync(context, response, cancellationToken);
            if (exchange is { IsCallerHttp2: true, IsGrpc: true })
            {
                // A caller that still sends waits for the end of the answer, while we would wait for the end of what it sends.
                await context.Response.CompleteAsync();
            }

            return ForwarderError.None;
        }
        catch (Exception e)
        {
            return Broken(exchange, e, context.RequestAborted.IsCancellationRequested ? ForwarderError.ResponseBodyClient : ForwarderError.ResponseHeaders);
        }
    }

    // The rescue layer says it to the caller: by an answer while none has begun, else by breaking off.
    private static ForwarderError Broken(HttpExchange exchange, Exception exception, ForwarderError error)
    {
        exchange.Record.ResetCode ??= UpstreamFailure.ResetCodeOf(exception);
        return error;
    }
}
