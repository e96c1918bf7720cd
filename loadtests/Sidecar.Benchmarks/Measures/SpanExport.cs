using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Benchmarks.Workloads;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Benchmarks.Measures;

/// <summary>
/// From the end of the hundredth span to the books saying that a collector has taken all hundred: the exporter's thread wakes,
/// the batch is serialized, sent and answered. The sink is in this process, and its work is in the figure too.
/// </summary>
internal static class SpanExport
{
    private const int Spans = 100, SpansOfTrace = 5, WarmUp = 10, Exports = 50;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(Figures figures)
    {
        await RunAsync(figures, "http/protobuf", HttpProtocols.Http1);
        await RunAsync(figures, "grpc", HttpProtocols.Http2);
    }

    private static async Task RunAsync(Figures figures, string protocol, HttpProtocols http)
    {
        await using var sink = await StartSinkAsync(http);
        var live = new LiveRoutes("orders: { match: { path: '/{**rest}' }, cluster: up }");
        var address = sink.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var settings = OtlpSettings.Read(name => name switch
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT" => address,
            "OTEL_EXPORTER_OTLP_PROTOCOL" => protocol,
            "OTEL_METRICS_EXPORTER" => "none",

            // A full batch is exported at once.
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE" => $"{Spans}",
            _ => null,
        });
        await using var export = OtlpExport.Start(settings, live.Meter, live.Tracing, live.Events, live.Time, "benchmark")!;
        var record = new RequestRecord();
        var milliseconds = new double[Exports];
        for (var i = -WarmUp; i < Exports; i++)
        {
            for (var span = 0; span < Spans; span += SpansOfTrace)
            {
                Traces.Trace(live, record);
            }

            var began = Stopwatch.GetTimestamp();
            var wanted = Spans * (long)(i + WarmUp + 1);
            while (export.ExportedSpans < wanted)
            {
                if (Stopwatch.GetElapsedTime(began) > Limit || export.LostSpans > 0)
                {
                    throw new InvalidOperationException($"{protocol}: {export.ExportedSpans} of {wanted} spans, {export.LostSpans} lost.");
                }

                Thread.Yield();
            }

            if (i >= 0)
            {
                milliseconds[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            }
        }

        Array.Sort(milliseconds);
        figures.Add($"export.{protocol}.median", "ms", milliseconds[Exports / 2]);
        figures.Add($"export.{protocol}.worst", "ms", milliseconds[^1]);
    }

    private static async Task<WebApplication> StartSinkAsync(HttpProtocols http)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = http));
        var sink = builder.Build();
        sink.Run(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            if (http == HttpProtocols.Http2)
            {
                // An empty message and status 0: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
                context.Response.ContentType = "application/grpc";
                await context.Response.Body.WriteAsync(new byte[5]);
                context.Response.AppendTrailer("grpc-status", "0");
            }
        });
        await sink.StartAsync();
        return sink;
    }
}
