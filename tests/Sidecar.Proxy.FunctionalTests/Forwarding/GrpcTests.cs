using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using static Sidecar.Proxy.FunctionalTests.Harness.ProxyRequests;

namespace Sidecar.Proxy.FunctionalTests.Forwarding;

/// <summary>gRPC passes whole, and what we answer ourselves is gRPC too: HTTP 200, trailers-only.</summary>
public abstract class GrpcTests(ProxyKind kind) : ProxySuite(kind)
{
    private readonly HttpMessageInvoker _client = Http2Client();

    [ProxyFact]
    public async Task Unary_Call_KeepsMessageStatusAndMetadata()
    {
        var proxy = await StartAsync(async context =>
        {
            var message = await GrpcFraming.ReadMessageAsync(context.Request.Body);
            context.Response.Headers["x-metadata"] = context.Request.Headers["x-metadata"];
            context.Response.Headers["x-data-bin"] = "AAEC";
            await GrpcFraming.RespondAsync(context, 0, message!);
        });

        using var response = await CallAsync(proxy, [1, 2, 3], ("x-metadata", "m"), ("te", "trailers"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/grpc", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(["m"], response.Headers.GetValues("x-metadata"));
        Assert.Equal(["AAEC"], response.Headers.GetValues("x-data-bin"));
        await using var body = await response.Content.ReadAsStreamAsync();
        Assert.Equal<byte[]?>([1, 2, 3], await GrpcFraming.ReadMessageAsync(body));
        Assert.Null(await GrpcFraming.ReadMessageAsync(body));
        Assert.Equal(["0"], response.TrailingHeaders.GetValues("grpc-status"));
        Assert.False(response.Headers.Contains("x-sidecar-flags"));
    }

    [ProxyFact]
    public async Task ServerStream_EachMessage_ArrivesBeforeTheNextIsSent()
    {
        var permissions = Enumerable.Range(0, 3).Select(_ => new TaskCompletionSource()).ToArray();
        var proxy = await StartAsync(async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.StartAsync();
            for (byte i = 0; i < permissions.Length; i++)
            {
                await context.Response.Body.WriteAsync(GrpcFraming.Message([i]));
                await context.Response.Body.FlushAsync();
                await permissions[i].Task;
            }

            context.Response.AppendTrailer("grpc-status", "0");
        });

        using var response = await CallAsync(proxy, []);
        await using var body = await response.Content.ReadAsStreamAsync();

        for (byte i = 0; i < permissions.Length; i++)
        {
            Assert.Equal<byte[]?>([i], await Patience.Await(GrpcFraming.ReadMessageAsync(body), $"message {i}"));
            permissions[i].SetResult();
        }

        Assert.Null(await GrpcFraming.ReadMessageAsync(body));
        Assert.Equal(["0"], response.TrailingHeaders.GetValues("grpc-status"));
    }

    [ProxyFact]
    public async Task BidirectionalStream_PingPong_IsNotBuffered()
    {
        var proxy = await StartAsync(async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.StartAsync();
            while (await GrpcFraming.ReadMessageAsync(context.Request.Body) is { } message)
            {
                await context.Response.Body.WriteAsync(GrpcFraming.Message(message));
                await context.Response.Body.FlushAsync();
            }

            context.Response.AppendTrailer("grpc-status", "0");
        });
        using var request = Call(proxy, new DuplexContent(out var opened));
        var answered = _client.SendAsync(request, default);
        await using var requestBody = await Patience.Await(opened, "the request is open");
        await requestBody.WriteAsync(GrpcFraming.Message([9]));
        await requestBody.FlushAsync();
        using var response = await Patience.Await(answered, "the response headers, while the request is open");
        await using var responseBody = await response.Content.ReadAsStreamAsync();
        Assert.Equal<byte[]?>([9], await Patience.Await(GrpcFraming.ReadMessageAsync(responseBody), "the first echo"));

        for (byte i = 0; i < 20; i++)
        {
            await requestBody.WriteAsync(GrpcFraming.Message([i, i]));
            await requestBody.FlushAsync();
            Assert.Equal<byte[]?>([i, i], await Patience.Await(GrpcFraming.ReadMessageAsync(responseBody), $"echo {i}"));
        }

        await requestBody.DisposeAsync();
        Assert.Null(await Patience.Await(GrpcFraming.ReadMessageAsync(responseBody), "the end"));
        Assert.Equal(["0"], response.TrailingHeaders.GetValues("grpc-status"));
    }

    [ProxyFact]
    public async Task InitialMetadata_SentBeforeAnyMessage_ArrivesAtOnce()
    {
        var permission = new TaskCompletionSource();
        var proxy = await StartAsync(async context =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["x-initial"] = "1";
            await context.Response.Body.FlushAsync();
            await permission.Task;
            context.Response.AppendTrailer("grpc-status", "0");
        });

        using var response = await CallAsync(proxy, [1]);
        permission.SetResult();

        Assert.Equal(["1"], response.Headers.GetValues("x-initial"));
        await response.Content.ReadAsByteArrayAsync();
        Assert.Equal(["0"], response.TrailingHeaders.GetValues("grpc-status"));
    }

    [ProxyFact]
    public async Task TrailersOnly_Answer_KeepsStatusAndMessage()
    {
        var proxy = await StartAsync(context => GrpcFraming.RespondTrailersOnlyAsync(context, 5));

        using var response = await CallAsync(proxy, []);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(("5", "scripted"), (Status(response), Last(response, "grpc-message")));
    }

    [ProxyTheory]
    [InlineData("0")]
    [InlineData("5")]
    [InlineData("14")]
    public async Task NoMessage_WhereStatusesAreRetried_KeepsTheStatusOfTheTrailers(string status)
    {
        // The answer was held until its trailers, to see whether its status is one of those.
        var proxy = await StartAsync(
            async context =>
            {
                await GrpcFraming.ReadMessageAsync(context.Request.Body);
                context.Response.ContentType = "application/grpc";
                context.Response.Headers["x-initial"] = "1";
                await context.Response.Body.FlushAsync();
                context.Response.AppendTrailer("grpc-status", status);
            },
            "retry: { maxRetries: 1, retryOn: [unavailable], backoff: { base: 1ms, max: 1ms } }");

        using var response = await CallAsync(proxy, [1]);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());

        Assert.Equal((HttpStatusCode.OK, status), (response.StatusCode, Status(response)));
        Assert.Equal(["1"], response.Headers.GetValues("x-initial"));
    }

    [ProxyFact]
    public async Task Failure_ConnectRefused_IsUnavailableInTrailersOnly()
    {
        using var closed = new ClosedPort();
        var proxy = await StartAsync(TestDocument.To(closed.Address, "retry: off"));

        using var response = await CallAsync(proxy, [1]);

        AssertOwnAnswer(response, 14, "UF");
    }

    [ProxyFact]
    public async Task Failure_NoRoute_IsUnimplementedInTrailersOnly()
    {
        using var closed = new ClosedPort();
        var proxy = await StartAsync(TestDocument.To(closed.Address) with { Match = "path: /elsewhere" });

        using var response = await CallAsync(proxy, [1]);

        AssertOwnAnswer(response, 12, "NR");
    }

    [ProxyFact]
    public async Task Failure_CallersDeadline_IsDeadlineExceededInTrailersOnly()
    {
        var proxy = await StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));

        using var response = await CallAsync(proxy, [1], ("grpc-timeout", "200m"));

        AssertOwnAnswer(response, 4, "UT");
    }

    [ProxyFact]
    public async Task Deadline_OfTheCaller_IsPassedOnShortened()
    {
        var seen = new TaskCompletionSource<string>();
        var proxy = await StartAsync(context =>
        {
            seen.TrySetResult(context.Request.Headers["grpc-timeout"].ToString());
            return GrpcFraming.RespondAsync(context, 0);
        });

        using var response = await CallAsync(proxy, [1], ("grpc-timeout", "20S"));

        Assert.InRange(GrpcTimeout(await seen.Task), TimeSpan.FromTicks(1), TimeSpan.FromSeconds(20) - TimeSpan.FromTicks(1));
    }

    [ProxyFact]
    public async Task RequestTimeout_NotWrittenOnTheRoute_DoesNotBindGrpc()
    {
        var proceed = new TaskCompletionSource();
        var headers = new TaskCompletionSource<IHeaderDictionary>();
        var upstream = Own(await KestrelUpstream.StartAsync(HttpProtocols.Http2, async context =>
        {
            headers.TrySetResult(context.Request.Headers);
            await proceed.Task;
            await GrpcFraming.RespondAsync(context, 0);
        }));
        var proxy = await StartAsync(TestDocument.To(upstream.Address) with { Root = "policies: { default: { timeouts: { request: 150ms } } }" });

        var call = CallAsync(proxy, [1]);
        var seen = await Patience.Await(headers.Task, "the call reaches the upstream");

        // The wait must be longer than the timeout that must not apply.
        Assert.NotSame(call, await Task.WhenAny(call, Task.Delay(600)));
        proceed.SetResult();
        using var response = await call;
        await response.Content.ReadAsByteArrayAsync();
        Assert.Equal("0", Status(response));
        Assert.False(seen.ContainsKey("grpc-timeout"));
    }

    [ProxyTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Retry_StatusNamed_RepeatsFromHeadersAndFromTrailers(bool isTrailersOnly)
    {
        var attempts = new List<string>();
        var proxy = await StartAsync(
            async context =>
            {
                bool isFirst;
                lock (attempts)
                {
                    attempts.Add(context.Request.Headers["x-attempt-count"].ToString());
                    isFirst = attempts.Count == 1;
                }

                var message = await GrpcFraming.ReadMessageAsync(context.Request.Body);
                await (isFirst
                    ? isTrailersOnly ? GrpcFraming.RespondTrailersOnlyAsync(context, 14) : GrpcFraming.RespondAsync(context, 14)
                    : GrpcFraming.RespondAsync(context, 0, message!));
            },
            "retry: { retryOn: [unavailable] }");

        using var response = await CallAsync(proxy, [7, 8]);
        await using var body = await response.Content.ReadAsStreamAsync();

        Assert.Equal<byte[]?>([7, 8], await GrpcFraming.ReadMessageAsync(body));
        Assert.Null(await GrpcFraming.ReadMessageAsync(body));
        Assert.Equal("0", Status(response));
        Assert.Equal(["1", "2"], attempts);
    }

    [ProxyFact]
    public async Task Retry_AfterAMessageWentToTheCaller_DoesNotRepeat()
    {
        var attempts = 0;
        var proxy = await StartAsync(
            context =>
            {
                Interlocked.Increment(ref attempts);
                return GrpcFraming.RespondAsync(context, 14, [1]);
            },
            "retry: { retryOn: [unavailable] }");

        using var response = await CallAsync(proxy, [1]);
        await response.Content.ReadAsByteArrayAsync();

        Assert.Equal(("14", 1), (Status(response), attempts));
    }

    [ProxyFact]
    public async Task Retry_StatusNotNamed_DoesNotRepeat()
    {
        var attempts = 0;
        var proxy = await StartAsync(
            context =>
            {
                Interlocked.Increment(ref attempts);
                return GrpcFraming.RespondTrailersOnlyAsync(context, 14);
            },
            "retry: { maxRetries: 3, methods: all, retryOn: [gateway-error, reset] }");

        using var response = await CallAsync(proxy, [1]);

        Assert.Equal(("14", 1), (Status(response), attempts));
    }

    [ProxyFact]
    public async Task Breaker_GrpcFailuresInTrailers_OpenIt()
    {
        var attempts = 0;
        var proxy = await StartAsync(
            context =>
            {
                Interlocked.Increment(ref attempts);
                return GrpcFraming.RespondAsync(context, 14);
            },
            "retry: off, circuitBreaker: { consecutiveFailures: 2, open: { base: 60s } }");

        for (var i = 0; i < 2; i++)
        {
            using var failed = await CallAsync(proxy, [1]);
            await failed.Content.ReadAsByteArrayAsync();
            Assert.Equal("14", Status(failed));
        }

        // Counted at completion, which is just after the caller saw the trailers.
        await Patience.Eventually(async () => (await proxy.BreakerAsync("app", "a"))!.Value.Text("state") == "open", "the breaker opens");
        using var refused = await CallAsync(proxy, [1]);

        AssertOwnAnswer(refused, 14, "CB");
        Assert.Equal(2, attempts);
    }

    private static void AssertOwnAnswer(HttpResponseMessage response, int status, string flag)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/grpc", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(status.ToString(CultureInfo.InvariantCulture), Status(response));
        Assert.Equal(flag, response.Headers.GetValues("x-sidecar-flags").Single().Split(',')[0]);
        Assert.True(response.Headers.Contains("x-request-id"));
    }

    private static string Status(HttpResponseMessage response) => Last(response, "grpc-status");

    private static string Last(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out var trailers) ? trailers.Single() : response.Headers.TryGetValues(name, out var headers) ? headers.Single() : "";

    private static TimeSpan GrpcTimeout(string value) => int.Parse(value[..^1], CultureInfo.InvariantCulture) * value[^1] switch
    {
        'H' => TimeSpan.FromHours(1),
        'M' => TimeSpan.FromMinutes(1),
        'S' => TimeSpan.FromSeconds(1),
        'm' => TimeSpan.FromMilliseconds(1),
        'u' => TimeSpan.FromMicroseconds(1),
        'n' => TimeSpan.FromTicks(1) / 100,
        _ => throw new FormatException(value),
    };

    private static HttpRequestMessage Call(IProxyUnderTest proxy, HttpContent content, params (string Name, string Value)[] headers)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        var request = proxy.Http2Request(HttpMethod.Post, "/test.Service/Method", content);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private Task<HttpResponseMessage> CallAsync(IProxyUnderTest proxy, byte[] message, params (string Name, string Value)[] headers) =>
        Patience.Await(_client.SendAsync(Call(proxy, new ByteArrayContent(GrpcFraming.Message(message)), headers), default), "the call is answered");

    private async Task<IProxyUnderTest> StartAsync(RequestDelegate handler, string policy = "")
    {
        var upstream = Own(await KestrelUpstream.StartAsync(HttpProtocols.Http2, handler));
        return await StartAsync(TestDocument.To(upstream.Address, policy));
    }

    private sealed class DuplexContent : HttpContent
    {
        private readonly TaskCompletionSource<Stream> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public DuplexContent(out Task<Stream> opened) => opened = _opened.Task;

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync();
            _opened.SetResult(new CallerStream(stream, _closed));
            await _closed.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        // Closing it ends the request body.
        private sealed class CallerStream(Stream inner, TaskCompletionSource closed) : Stream
        {
            public override bool CanRead => false;

            public override bool CanSeek => false;

            public override bool CanWrite => true;

            public override long Length => throw new NotSupportedException();

            public override long Position
            {
                get => throw new NotSupportedException();
                set => throw new NotSupportedException();
            }

            public override void Flush() => throw new NotSupportedException();

            public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

            public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

            public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

            public override void SetLength(long value) => throw new NotSupportedException();

            public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

            public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => inner.WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

            public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => inner.WriteAsync(buffer, cancellationToken);

            public override ValueTask DisposeAsync()
            {
                closed.TrySetResult();
                return base.DisposeAsync();
            }
        }
    }
}

/// <summary>In process.</summary>
public sealed class GrpcManaged() : GrpcTests(ProxyKind.Managed);

/// <summary>Against the binary.</summary>
public sealed class GrpcNative() : GrpcTests(ProxyKind.Native), INativeSuite;
