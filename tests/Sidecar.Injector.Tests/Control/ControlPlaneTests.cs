using Sidecar.Injector.Control;
using Sidecar.Injector.Tests.Certificates;
using Sidecar.Injector.Tests.Kubernetes;
using Sidecar.TestKit;
using Sidecar.TestKit.Network;

namespace Sidecar.Injector.Tests.Control;

public sealed class ControlPlaneTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task Start_WithApiServer_BecomesReadyAndTellsMetrics()
    {
        await using var server = await FakeApiServer.StartAsync();
        Replica.Install(server);
        server.GitVersion = "v1.33.0";
        server.Put("/api/v1/namespaces/shop", """{"metadata":{"name":"shop","labels":{"sidecarproxy.io/inject":"enabled"}}}""");
        server.Put("/api/v1/namespaces/shop/pods/lost", """{"metadata":{"name":"lost","namespace":"shop"},"spec":{"containers":[{"name":"app"}]}}""");
        var options = new ControlOptions(server.Endpoint, Replica.Namespace, "sidecar-injector") { WebhookConfiguration = "sidecar-injector", CountPods = true };
        await using var control = ControlPlane.Create(options, _clock, new RecordedLog(), static () => 0);
        Assert.Equal(2, control.NotReady.Count);

        control.Start();
        await Patience.Eventually(
            () =>
            {
                _clock.Advance(TimeSpan.FromMilliseconds(50));
                return Task.FromResult(control.NotReady.Count == 0 && Metrics(control).Contains("pods_without_sidecar", StringComparison.Ordinal));
            },
            "ready, and pods counted");

        Assert.True(control.Cluster.NativeSidecarsSupported);
        Assert.NotNull(control.Cluster.Namespace("shop"));
        await Handshake.AssertAsync(control.Certificate.Current!, Handshake.Bundles(server).First(), _clock.GetUtcNow(), control.Certificate.Context);
        var lines = Metrics(control).Split('\n');
        Assert.Contains("sidecar_injector_pods_without_sidecar 1", lines);
        Assert.Contains("# TYPE sidecar_injector_pods_without_sidecar gauge", lines);
        Assert.Contains("sidecar_injector_native_sidecars 1", lines);
        Assert.Contains("sidecar_injector_namespaces 1", lines);
        Assert.Contains("sidecar_injector_cluster_synced 1", lines);
        Assert.Contains("sidecar_injector_certificate_rotations_total 0", lines);
        Assert.Contains("sidecar_injector_certificate_errors_total 0", lines);
        Assert.Contains("sidecar_injector_ca_bundle_patches_total 2", lines);
        Assert.Contains($"sidecar_injector_certificate_expiry_timestamp_seconds{{kind=\"serving\"}} {new DateTimeOffset(control.Certificate.Current!.NotAfter.ToUniversalTime()).ToUnixTimeSeconds()}", lines);
    }

    [Fact]
    public async Task Start_WithoutApiServer_ServesFilesAndKnowsNothing()
    {
        var directory = Directory.CreateTempSubdirectory("sidecar-control").FullName;
        try
        {
            var options = new ControlOptions(Api: null, "ns", "service") { CertificateDirectory = directory, WebhookConfiguration = "x" };
            await using var control = ControlPlane.Create(options, _clock, new RecordedLog());

            control.Start();

            Assert.Null(options.Problem);
            Assert.Null(control.Cluster.Namespace("shop"));
            Assert.False(control.Cluster.NativeSidecarsSupported);
            Assert.Equal("there is no serving certificate yet", Assert.Single(control.NotReady));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void Problem_SelfMadeWithoutApiServer_IsSaid() =>
        Assert.NotNull(new ControlOptions(Api: null, "ns", "service").Problem);

    private static string Metrics(ControlPlane control)
    {
        var text = new StringWriter();
        control.WriteMetrics(text);
        return text.ToString();
    }
}
