using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;

namespace Sidecar.Proxy.Telemetry;

/// <summary>The SDK's span exporter, with books.</summary>
internal sealed class CountingTraceExporter(OtlpExporterOptions options, ExportAccount account) : OtlpTraceExporter(options)
{
    /// <inheritdoc/>
    public override ExportResult Export(in Batch<Activity> activityBatch)
    {
        var count = activityBatch.Count;
        var result = base.Export(activityBatch);
        account.Leave(count, result == ExportResult.Success);
        return result;
    }
}

/// <summary>The SDK's queue of spans, with a bound that counts what it refuses.</summary>
internal sealed class BoundedSpanProcessor(CountingTraceExporter exporter, ExportAccount account, OtlpQueue queue, TimeSpan timeout)
    : BatchActivityExportProcessor(exporter, queue.Size, (int)queue.Delay.TotalMilliseconds, (int)timeout.TotalMilliseconds, queue.BatchSize)
{
    /// <inheritdoc/>
    public override void OnEnd(Activity data)
    {
        if (account.TryEnter())
        {
            base.OnEnd(data);
        }
    }
}

/// <summary>The SDK's metric exporter, with books.</summary>
internal sealed class CountingMetricExporter(OtlpExporterOptions options, ExportAccount account) : OtlpMetricExporter(options)
{
    /// <inheritdoc/>
    public override ExportResult Export(in Batch<Metric> metrics)
    {
        var result = base.Export(metrics);
        account.Finish(1, result == ExportResult.Success);
        return result;
    }
}

/// <summary>The SDK's log exporter, with books; it is sealed, so this one stands around it.</summary>
internal sealed class CountingLogExporter(OtlpLogExporter exporter, ExportAccount account) : BaseExporter<LogRecord>
{
    /// <inheritdoc/>
    public override ExportResult Export(in Batch<LogRecord> batch)
    {
        var count = batch.Count;
        var result = exporter.Export(batch);
        account.Leave(count, result == ExportResult.Success);
        return result;
    }

    /// <inheritdoc/>
    protected override bool OnShutdown(int timeoutMilliseconds) => exporter.Shutdown(timeoutMilliseconds);
}

/// <summary>
/// Only introduces the log exporter to its provider, which the SDK does through a processor and the exporter needs for the
/// resource; takes no records.
/// </summary>
internal sealed class LogExporterIntroduction(OtlpLogExporter exporter) : SimpleLogRecordExportProcessor(exporter)
{
    /// <inheritdoc/>
    public override void OnEnd(LogRecord data)
    {
    }
}

/// <summary>The SDK's queue of log records, with a bound that counts what it refuses.</summary>
internal sealed class BoundedLogProcessor(CountingLogExporter exporter, ExportAccount account, OtlpQueue queue, TimeSpan timeout)
    : BatchLogRecordExportProcessor(exporter, queue.Size, (int)queue.Delay.TotalMilliseconds, (int)timeout.TotalMilliseconds, queue.BatchSize)
{
    /// <inheritdoc/>
    public override void OnEnd(LogRecord data)
    {
        if (account.TryEnter())
        {
            base.OnEnd(data);
        }
    }
}
