using System.Text;
using Sidecar.Injector.Certificates;
using Sidecar.Injector.Kubernetes;
using Sidecar.Injector.Tests.Kubernetes;
using Sidecar.TestKit;

namespace Sidecar.Injector.Tests.Certificates;

public sealed class SelfMadeCertificatesTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _clock = new();
    private readonly List<Replica> _replicas = [];
    private FakeApiServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await FakeApiServer.StartAsync();
        Replica.Install(_server);
    }

    public async Task DisposeAsync()
    {
        _replicas.ForEach(static replica => replica.Dispose());
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Cycle_NothingThere_MakesStoresPublishesServes()
    {
        var replica = Start();

        await replica.CycleAsync();

        await AssertTrustedAsync(replica);
        Assert.Equal("kept", _server.Get(Replica.MutatingPath)!["metadata"]!["annotations"]!["foreign"]!.GetValue<string>());
        Assert.Equal("s", _server.Get(Replica.MutatingPath)!["webhooks"]![0]!["clientConfig"]!["service"]!["name"]!.GetValue<string>());
        Assert.Equal("kubernetes.io/tls", _server.Get(Replica.SecretPath)!["type"]!.GetValue<string>());
        Assert.Equal(0, replica.Status.Errors);
        Assert.Equal(2, replica.Status.Patches);
    }

    [Fact]
    public async Task Cycle_EverythingThere_WritesNothing()
    {
        var replica = Start();
        await replica.CycleAsync();
        var before = _server.Requests.Count;

        await replica.CycleAsync();

        Assert.All(_server.Requests.Skip(before), static request => Assert.StartsWith("GET ", request, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cycle_Restart_ServesWhatTheSecretHolds()
    {
        var first = Start();
        await first.CycleAsync();

        var second = Start();
        await second.CycleAsync();

        Assert.Equal(first.Served.Facts, second.Served.Facts);
        Assert.Equal(0, second.Status.Patches);
    }

    [Fact]
    public async Task Cycle_TwoReplicasAtOnce_AgreeOnOne()
    {
        var (first, second) = (Start(), Start());
        var isFirst = true;
        _server.Intercept = async context =>
        {
            // The first is about to create the Secret; the second does so before it.
            if (context.Request.Method == "POST" && isFirst)
            {
                isFirst = false;
                await second.CycleAsync();
            }

            return false;
        };

        await first.CycleAsync();

        Assert.Equal(second.Served.Facts, first.Served.Facts);
        await AssertTrustedAsync(first);
    }

    [Fact]
    public async Task Cycle_OtherReplicaRotatesBeforeThePatch_DoesNotPublishTheOlderBundle()
    {
        var (first, second) = (Start(), Start());
        await first.CycleAsync();
        await second.CycleAsync();
        EmptyBundles();
        var isFirst = true;
        _server.Intercept = async context =>
        {
            if (context.Request.Method == "PATCH" && isFirst)
            {
                isFirst = false;
                TrustAnotherAuthority();
                await second.CycleAsync();
            }

            return false;
        };

        await first.CycleAsync();

        Assert.All(Handshake.Bundles(_server), bundle => Assert.Equal(StoredBundle(), bundle));
        Assert.Equal(2, CertificateText.ReadBundle(StoredBundle()).Length);
    }

    [Fact]
    public async Task Cycle_CaBundleEmptied_IsWrittenAgain()
    {
        var replica = Start();
        await replica.CycleAsync();
        EmptyBundles();

        Assert.InRange(await replica.CycleAsync(), TimeSpan.Zero, TimeSpan.FromSeconds(12));

        await AssertTrustedAsync(replica);
    }

    [Fact]
    public async Task Cycle_SecretDeletedWhileServing_KeepsBothTrusted()
    {
        var (first, second) = (Start(), Start());
        await first.CycleAsync();
        await second.CycleAsync();
        var served = first.Served.Facts;
        _server.Delete(Replica.SecretPath);

        await second.CycleAsync();
        await first.CycleAsync();

        Assert.Equal(served, first.Served.Facts);
        await AssertTrustedAsync(first);
        await AssertTrustedAsync(second);
        Assert.Equal(2, CertificateText.ReadBundle(StoredBundle()).Length);
    }

    [Fact]
    public async Task Cycle_SecretDeletedAndOneRestarted_KeepsBothTrusted()
    {
        var running = Start();
        await running.CycleAsync();
        _server.Delete(Replica.SecretPath);

        var restarted = Start();
        await restarted.CycleAsync();
        await AssertTrustedAsync(running);
        await AssertTrustedAsync(restarted);
        await running.CycleAsync();

        await AssertTrustedAsync(running);
        _clock.Advance(TimeSpan.FromMinutes(5));
        await running.CycleAsync();
        Assert.Equal(restarted.Served.Facts, running.Served.Facts);
        await AssertTrustedAsync(running);
    }

    [Fact]
    public async Task Cycle_ForeignContentOfTheSecret_IsKept()
    {
        _server.Put(Replica.SecretPath, """{"kind":"Secret","type":"Opaque","metadata":{"name":"certificate","annotations":{"who":"helm"},"labels":{"a":"b"}},"data":{"other":"eA==","tls.crt":"!!!"}}""");
        var replica = Start();

        await replica.CycleAsync();

        await AssertTrustedAsync(replica);
        var secret = _server.Get(Replica.SecretPath)!;
        Assert.Equal("helm", secret["metadata"]!["annotations"]!["who"]!.GetValue<string>());
        Assert.Equal("eA==", secret["data"]!["other"]!.GetValue<string>());
        Assert.Equal("Opaque", secret["type"]!.GetValue<string>());
    }

    [Fact]
    public async Task Cycle_PatchForbidden_ServesAndSaysItOnce()
    {
        _server.Intercept = static context => context.Request.Method == "PATCH" ? FakeApiServer.RefuseAsync(context, 403, "may not") : Task.FromResult(false);
        var replica = Start();

        await replica.CycleAsync();
        await replica.CycleAsync();

        Assert.NotNull(replica.Served.Current);
        Assert.Equal(1, replica.Log.Count(ControlEvents.CaBundleFailed));
        Assert.Equal(2, replica.Status.Errors);
    }

    [Fact]
    public async Task Cycle_ConfigurationsForbidden_RotatesAtTheLastMoment()
    {
        _server.Intercept = static context => context.Request.Path.Value!.Contains("webhookconfigurations", StringComparison.Ordinal)
            ? FakeApiServer.RefuseAsync(context, 403, "may not")
            : Task.FromResult(false);
        var replica = Start();
        await replica.CycleAsync();
        var first = replica.Served.Facts!;

        _clock.Advance(TimeSpan.FromDays(61));
        await replica.CycleAsync();
        Assert.Equal(first, replica.Served.Facts);

        _clock.Advance(TimeSpan.FromDays(28.99));
        await replica.CycleAsync();
        Assert.NotEqual(first, replica.Served.Facts);
    }

    [Fact]
    public async Task Cycle_SecretCannotBeRead_KeepsServingAndBacksOff()
    {
        var replica = Start();
        await replica.CycleAsync();
        var served = replica.Served.Facts;
        _server.Intercept = static context => FakeApiServer.RefuseAsync(context, 500, "away");

        var first = await replica.CycleAsync();
        var second = await replica.CycleAsync();

        Assert.Equal(served, replica.Served.Facts);
        Assert.True(second > first);
        Assert.Equal(1, replica.Log.Count(ControlEvents.CertificateFailed));
    }

    [Fact]
    public async Task Cycle_EndlessConflicts_GivesUpForNow()
    {
        _server.Intercept = static context => context.Request.Method == "POST" ? FakeApiServer.RefuseAsync(context, 409, "already exists") : Task.FromResult(false);
        var replica = Start();

        await replica.CycleAsync();

        Assert.Equal(5, _server.Requests.Count(static request => request.StartsWith("POST", StringComparison.Ordinal)));
        Assert.Null(replica.Served.Current);
        Assert.Equal(1, replica.Status.Errors);
    }

    [Fact]
    public async Task Cycle_NoConfigurations_ServesWithoutThem()
    {
        _server.Delete(Replica.MutatingPath);
        _server.Delete(Replica.ValidatingPath);
        var replica = Start();

        await replica.CycleAsync();

        Assert.NotNull(replica.Served.Current);
        Assert.Equal(0, replica.Status.Errors);
    }

    [Fact]
    public async Task Cycle_BundleLeft_NeverWritesIt()
    {
        var replica = new Replica(_server, _clock, isBundleLeft: true);
        _replicas.Add(replica);

        await replica.CycleAsync();

        Assert.NotNull(replica.Served.Current);
        Assert.DoesNotContain(_server.Requests, static request => request.StartsWith("PATCH", StringComparison.Ordinal));
    }

    private Replica Start()
    {
        var replica = new Replica(_server, _clock);
        _replicas.Add(replica);
        return replica;
    }

    private async Task AssertTrustedAsync(Replica replica)
    {
        foreach (var bundle in Handshake.Bundles(_server))
        {
            await Handshake.AssertAsync(replica.Served.Current!, bundle, _clock.GetUtcNow());
        }
    }

    private string StoredBundle() => Handshake.Decode(_server.Get(Replica.SecretPath)!["data"]!["ca.crt"]);

    private void TrustAnotherAuthority()
    {
        var secret = _server.Get(Replica.SecretPath)!;
        var data = secret["data"]!.AsObject();
        var stored = StoredCertificates.Read(data.ToDictionary(static item => item.Key, static item => Handshake.Decode(item.Value)));
        foreach (var (key, value) in stored.With(CertificateMaker.Authority(_clock.GetUtcNow(), CertificateLifetimes.Default)).Write())
        {
            data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value));
        }

        _server.Put(Replica.SecretPath, secret.ToJsonString());
    }

    private void EmptyBundles()
    {
        var configuration = _server.Get(Replica.MutatingPath)!;
        foreach (var webhook in configuration["webhooks"]!.AsArray())
        {
            webhook!["clientConfig"]!["caBundle"] = Convert.ToBase64String(Encoding.UTF8.GetBytes("emptied"));
        }

        _server.Put(Replica.MutatingPath, configuration.ToJsonString());
    }
}
