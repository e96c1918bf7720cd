using System.Security.Cryptography.X509Certificates;
using Sidecar.Injector.Certificates;
using Sidecar.Injector.Kubernetes;
using Sidecar.Injector.Tests.Kubernetes;
using Sidecar.TestKit;

namespace Sidecar.Injector.Tests.Certificates;

public sealed class FileCertificatesTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _clock = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("sidecar-certificates").FullName;
    private readonly ServedCertificate _served = new();
    private readonly CertificateStatus _status = new();
    private readonly RecordedLog _log = new();
    private FakeApiServer _server = null!;
    private ApiClient _api = null!;

    public async Task InitializeAsync()
    {
        _server = await FakeApiServer.StartAsync();
        Replica.Install(_server);
        _api = new ApiClient(_server.Endpoint, _clock);
    }

    public async Task DisposeAsync()
    {
        _api.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Cycle_LinkSwapped_ServesTheNewPairOnceItIsTrusted()
    {
        var (first, second) = (Make(), Make());
        Mount("one", first);
        var source = Source();
        await source.CycleAsync(CancellationToken.None);
        await AssertTrustedAsync();
        var before = _served.Facts;

        Mount("two", second);
        await source.CycleAsync(CancellationToken.None);
        Assert.Equal(before, _served.Facts);
        await AssertTrustedAsync();
        await source.CycleAsync(CancellationToken.None);
        Assert.Equal(before, _served.Facts);

        _clock.Advance(TimeSpan.FromMinutes(5));
        await source.CycleAsync(CancellationToken.None);

        Assert.Equal(second.Serving.Certificate, _served.Facts);
        await AssertTrustedAsync();
        Assert.Equal(1, _status.Rotations);
        Assert.All(Handshake.Bundles(_server), bundle => Assert.Equal(2, CertificateText.ReadBundle(bundle).Length));
    }

    [Fact]
    public async Task Cycle_ReplicaThatSeesTheChangeLater_StaysTrusted()
    {
        var (first, second) = (Make(), Make());
        Mount("one", first);
        var late = Source();
        await late.CycleAsync(CancellationToken.None);
        Mount("two", second);
        var early = new FileCertificates(_directory, Bundles(), new ServedCertificate(), new CertificateStatus(), _clock, static () => 0, _log);
        await early.CycleAsync(CancellationToken.None);

        Mount("three", first);
        await late.CycleAsync(CancellationToken.None);

        Assert.All(Handshake.Bundles(_server), bundle => Assert.Equal(2, CertificateText.ReadBundle(bundle).Length));
        await AssertTrustedAsync();
    }

    [Fact]
    public async Task Cycle_BrokenPair_KeepsTheOneBefore()
    {
        var (first, second) = (Make(), Make());
        Mount("one", first);
        var source = Source();
        await source.CycleAsync(CancellationToken.None);

        Mount("two", (first.Authority, first.Serving with { KeyPem = second.Serving.KeyPem }));
        await source.CycleAsync(CancellationToken.None);
        await source.CycleAsync(CancellationToken.None);

        Assert.Equal(first.Serving.Certificate, _served.Facts);
        Assert.Equal(2, _status.Errors);
        Assert.Contains("is not the key of", Assert.Single(_log.Events, static item => item.Name == ControlEvents.CertificateFailed).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cycle_NothingMounted_HasNothingToServe()
    {
        await Source().CycleAsync(CancellationToken.None);

        Assert.Null(_served.Current);
        Assert.Equal(1, _status.Errors);
    }

    [Fact]
    public async Task Cycle_BundleLeft_AsksNobody()
    {
        Mount("one", Make());

        await Source(isBundleLeft: true).CycleAsync(CancellationToken.None);

        Assert.NotNull(_served.Current);
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public async Task Cycle_PlainFilesWithoutAuthority_AreServed()
    {
        var made = Make();
        await File.WriteAllTextAsync(Path.Combine(_directory, "tls.crt"), made.Serving.Certificate.Pem);
        await File.WriteAllTextAsync(Path.Combine(_directory, "tls.key"), made.Serving.KeyPem);

        await Source().CycleAsync(CancellationToken.None);

        Assert.Equal(made.Serving.Certificate, _served.Facts);
        Assert.DoesNotContain(_server.Requests, static request => request.StartsWith("PATCH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cycle_RsaPairWithIntermediate_IsServedWithIt()
    {
        var now = _clock.GetUtcNow();
        using var root = Rsa("root", issuer: null, isAuthority: true, now);
        using var middle = Rsa("middle", root, isAuthority: true, now);
        using var leaf = Rsa(Replica.HostName, middle, isAuthority: false, now);
        await File.WriteAllTextAsync(Path.Combine(_directory, "tls.crt"), leaf.ExportCertificatePem() + "\n" + middle.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Combine(_directory, "tls.key"), leaf.GetRSAPrivateKey()!.ExportRSAPrivateKeyPem());
        await File.WriteAllTextAsync(Path.Combine(_directory, "ca.crt"), root.ExportCertificatePem());

        await Source().CycleAsync(CancellationToken.None);

        await Handshake.AssertAsync(_served.Current!, Handshake.Bundles(_server).First(), now, _served.Context);
    }

    private static X509Certificate2 Rsa(string name, X509Certificate2? issuer, bool isAuthority, DateTimeOffset now)
    {
        using var key = System.Security.Cryptography.RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, System.Security.Cryptography.HashAlgorithmName.SHA256, System.Security.Cryptography.RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, hasPathLengthConstraint: false, 0, critical: true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        if (issuer is null)
        {
            return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        }

        using var certificate = request.Create(issuer, now.AddHours(-1), now.AddDays(20), [1, 2, (byte)name.Length]);
        return certificate.CopyWithPrivateKey(key);
    }

    private FileCertificates Source(bool isBundleLeft = false) =>
        new(_directory, isBundleLeft ? null : Bundles(), _served, _status, _clock, static () => 0, _log);

    private CaBundles Bundles() => new(_api, "sidecar-injector", CertificateLifetimes.Default.Settle, _clock);

    private (MadeCertificate Authority, MadeCertificate Serving) Make()
    {
        var authority = CertificateMaker.Authority(_clock.GetUtcNow(), CertificateLifetimes.Default);
        return (authority, CertificateMaker.Serving(authority.Certificate, authority.KeyPem, [Replica.HostName], _clock.GetUtcNow(), CertificateLifetimes.Default));
    }

    // As the kubelet does: a directory for each version, a link to it that is swapped, and links through that.
    private void Mount(string version, (MadeCertificate Authority, MadeCertificate Serving) made)
    {
        var data = Directory.CreateDirectory(Path.Combine(_directory, $"..{version}")).FullName;
        File.WriteAllText(Path.Combine(data, "tls.crt"), made.Serving.Certificate.Pem);
        File.WriteAllText(Path.Combine(data, "tls.key"), made.Serving.KeyPem);
        File.WriteAllText(Path.Combine(data, "ca.crt"), made.Authority.Certificate.Pem);
        var link = Path.Combine(_directory, "..data");
        if (Directory.Exists(link))
        {
            Directory.Delete(link);
        }

        Directory.CreateSymbolicLink(link, $"..{version}");
        foreach (var file in new[] { "tls.crt", "tls.key", "ca.crt" })
        {
            if (!File.Exists(Path.Combine(_directory, file)))
            {
                File.CreateSymbolicLink(Path.Combine(_directory, file), Path.Combine("..data", file));
            }
        }
    }

    private async Task AssertTrustedAsync()
    {
        foreach (var bundle in Handshake.Bundles(_server))
        {
            await Handshake.AssertAsync(_served.Current!, bundle, _clock.GetUtcNow());
        }
    }
}
