using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Sidecar.TestKit.Otlp;

/// <summary>
/// A collector for tests: takes metrics, traces and logs over gRPC (h2c) and http/protobuf, and keeps what was really
/// sent, decoded from the wire. Can be told to answer late or with an error.
/// </summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly object _gate = new();
    private readonly List<OtlpSpan> _spans = [];
    private readonly List<OtlpMetric> _metrics = [];
    private readonly List<OtlpLogRecord> _logs = [];
    private readonly List<IHeaderDictionary> _headers = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OtlpReceiver(WebApplication application) => _application = application;

    /// <summary>Value of <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> for grpc.</summary>
    public string GrpcEndpoint => Address(0);

    /// <summary>Value of <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> for http/protobuf.</summary>
    public string HttpEndpoint => Address(1);

    /// <summary>Awaited before each answer; null answers at once.</summary>
    public Func<Task>? BeforeAnswer { get; set; }

    /// <summary>Requests are answered with an error that is not worth a retry, and not kept.</summary>
    public bool IsRefusing { get; set; }

    /// <summary>Spans received.</summary>
    public IReadOnlyList<OtlpSpan> Spans => Copy(_spans);

    /// <summary>Metrics received, every export's.</summary>
    public IReadOnlyList<OtlpMetric> Metrics => Copy(_metrics);

    /// <summary>Log records received.</summary>
    public IReadOnlyList<OtlpLogRecord> Logs => Copy(_logs);

    /// <summary>Headers of each request.</summary>
    public IReadOnlyList<IHeaderDictionary> Headers => Copy(_headers);

    /// <summary>Starts on free ports of the loopback interface.</summary>
    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel =>
        {
            // Kestrel does not tell the two apart on one cleartext port.
            kestrel.Listen(IPAddress.Loopback, 0, static listener => listener.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, 0, static listener => listener.Protocols = HttpProtocols.Http1);
        });
        var application = builder.Build();
        var receiver = new OtlpReceiver(application);
        application.Run(receiver.ReceiveAsync);
        await application.StartAsync();
        return receiver;
    }

    /// <summary>Completes when the condition holds; checked after each request received. Fails after 30 s.</summary>
    public async Task WaitUntilAsync(Func<OtlpReceiver, bool> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                changed = _changed.Task;
            }

            if (condition(this))
            {
                return;
            }

            await changed.WaitAsync(timeout.Token);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        BeforeAnswer = null;
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _application.StopAsync(now.Token);
        await _application.DisposeAsync();
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        var isGrpc = context.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true;
        var body = await ReadBodyAsync(context, isGrpc);
        if (BeforeAnswer is { } before)
        {
            await before();
        }

        var path = context.Request.Path.Value ?? "";
        var isKnown = IsRefusing || Keep(path, new ProtoMessage(body), context.Request.Headers);
        if (!isKnown)
        {
            context.Response.StatusCode = 404;
        }
        else if (isGrpc)
        {
            context.Response.ContentType = "application/grpc";
            context.Response.AppendTrailer("grpc-status", IsRefusing ? "3" : "0");
            await context.Response.Body.WriteAsync(new byte[5]);
        }
        else
        {
            context.Response.ContentType = "application/x-protobuf";
            context.Response.StatusCode = IsRefusing ? 400 : 200;
        }
    }

    private bool Keep(string path, ProtoMessage request, IHeaderDictionary headers)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            switch (path)
            {
                case "/v1/traces" or "/opentelemetry.proto.collector.trace.v1.TraceService/Export":
                    _spans.AddRange(OtlpPayloads.Spans(request));
                    break;
                case "/v1/metrics" or "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export":
                    _metrics.AddRange(OtlpPayloads.Metrics(request));
                    break;
                case "/v1/logs" or "/opentelemetry.proto.collector.logs.v1.LogsService/Export":
                    _logs.AddRange(OtlpPayloads.Logs(request));
                    break;
                default:
                    return false;
            }

            _headers.Add(new HeaderDictionary(headers.ToDictionary(static pair => pair.Key, static pair => pair.Value, StringComparer.OrdinalIgnoreCase)));
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
        return true;
    }

    private static async Task<byte[]> ReadBodyAsync(HttpContext context, bool isGrpc)
    {
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer);
        var bytes = buffer.ToArray();
        if (!isGrpc)
        {
            return context.Request.Headers.ContentEncoding == "gzip" ? Unzip(bytes) : bytes;
        }

        // gRPC: one byte "compressed", four bytes length, the message.
        var length = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(1, 4));
        if (bytes.Length != length + 5)
        {
            throw new InvalidDataException("An export is one gRPC message.");
        }

        return bytes[0] == 1 ? Unzip(bytes[5..]) : bytes[5..];
    }

    private static byte[] Unzip(byte[] bytes)
    {
        using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        gzip.CopyTo(plain);
        return plain.ToArray();
    }

    private string Address(int index) =>
        _application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ElementAt(index);

    private List<T> Copy<T>(List<T> list)
    {
        lock (_gate)
        {
            return [.. list];
        }
    }
}
