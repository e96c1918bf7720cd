using OpenTelemetry.Exporter;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Tests.Telemetry;

public class OtlpSettingsTests
{
    [Fact]
    public void Read_NoEndpoint_NothingIsExportedAndNoObjectIsMade()
    {
        using var rig = new TelemetryRig();
        var settings = Read();

        Assert.False(settings.IsAnyExported);
        Assert.Null(OtlpExport.Start(settings, rig.Meter, rig.Tracing, rig.Events, rig.Clock, "1"));
        Assert.Empty(rig.Lines());
    }

    [Fact]
    public void Read_EndpointOnly_IsGrpcForMetricsAndTraces()
    {
        var settings = Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317"));

        Assert.Equal(new OtlpSignal(new Uri("http://collector:4317"), OtlpExportProtocol.Grpc, null, TimeSpan.FromSeconds(10), OtlpExportCompression.None), settings.Traces);
        Assert.Equal(settings.Traces, settings.Metrics);
        Assert.Null(settings.Logs);
        Assert.Empty(settings.Problems);
    }

    [Theory]
    [InlineData("http://collector:4318", "http://collector:4318/v1/traces")]
    [InlineData("http://collector:4318/", "http://collector:4318/v1/traces")]
    [InlineData("http://collector:4318/base", "http://collector:4318/base/v1/traces")]
    public void Read_HttpWithGeneralEndpoint_AppendsTheSignalsPath(string endpoint, string expected) =>
        Assert.Equal(new Uri(expected), Read(("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")).Traces?.Endpoint);

    [Fact]
    public void Read_SignalsOwnVariables_Win()
    {
        var settings = Read(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:1"), ("OTEL_EXPORTER_OTLP_HEADERS", "x=1"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
            ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://b:2/custom"), ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "y=2"), ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "2000"));

        Assert.Equal(("http://a:1/", "x=1", 1.0), (settings.Traces!.Endpoint.AbsoluteUri, settings.Traces.Headers, settings.Traces.Timeout.TotalSeconds));
        Assert.Equal(("http://b:2/custom", "y=2", 2.0), (settings.Metrics!.Endpoint.AbsoluteUri, settings.Metrics.Headers, settings.Metrics.Timeout.TotalSeconds));
    }

    [Theory]
    [InlineData("OTEL_SDK_DISABLED", "TRUE", false, false)]
    [InlineData("OTEL_SDK_DISABLED", "1", true, true)]
    [InlineData("OTEL_TRACES_EXPORTER", "none", false, true)]
    [InlineData("OTEL_METRICS_EXPORTER", "none", true, false)]
    [InlineData("OTEL_TRACES_EXPORTER", "", true, true)]
    public void Read_SwitchedOff_IsOff(string name, string value, bool hasTraces, bool hasMetrics)
    {
        var settings = Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:1"), (name, value));

        Assert.Equal((hasTraces, hasMetrics), (settings.Traces is not null, settings.Metrics is not null));
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "not a url")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]
    [InlineData("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd")]
    [InlineData("OTEL_EXPORTER_OTLP_TIMEOUT", "-1")]
    [InlineData("OTEL_BSP_MAX_QUEUE_SIZE", "0")]
    [InlineData("OTEL_METRIC_EXPORT_INTERVAL", "1s")]
    [InlineData("OTEL_TRACES_EXPORTER", "zipkin")]
    [InlineData("OTEL_RESOURCE_ATTRIBUTES", "novalue")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "lowmemory")]
    public void Read_NotUnderstood_IsSaidAndNeverThrows(string name, string value)
    {
        var settings = Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:1"), (name, value));

        Assert.NotEmpty(settings.Problems);
        Assert.DoesNotContain(settings.Problems, problem => problem.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_ResourceAttributes_AreDecodedAndTheServiceNameWins()
    {
        var settings = Read(("OTEL_RESOURCE_ATTRIBUTES", "service.name=x, a=b%2Cc,d="), ("OTEL_SERVICE_NAME", "orders"));

        Assert.Equal(("orders", "b,c", ""), (settings.ResourceAttributes["service.name"], settings.ResourceAttributes["a"], settings.ResourceAttributes["d"]));
    }

    private static OtlpSettings Read(params (string Name, string Value)[] variables) =>
        OtlpSettings.Read(name => variables.LastOrDefault(pair => pair.Name == name).Value);
}
