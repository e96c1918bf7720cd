using Sidecar.Injector.Certificates;
using Sidecar.Injector.Tests.Kubernetes;
using Sidecar.TestKit;

namespace Sidecar.Injector.Tests.Certificates;

/// <summary>Two replicas over years, in every order that chance finds: an API server with the caBundle of the moment never fails to connect.</summary>
public sealed class RotationOverYearsTests
{
    private static readonly TimeSpan[] Steps =
    [
        TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(6), TimeSpan.FromHours(5), TimeSpan.FromDays(6), TimeSpan.FromDays(11), TimeSpan.FromDays(16),
    ];

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task Cycle_OverYears_NeverFailsAHandshake(int seed, bool isSecretAttacked)
    {
        var random = new SeededRandom(seed);
        var clock = new ManualTimeProvider();
        await using var server = await FakeApiServer.StartAsync();
        Replica.Install(server);
        var replicas = new[] { new Replica(server, clock), new Replica(server, clock) };
        var judge = new Judge(server, clock, seed);
        var authorities = new HashSet<CertificateFacts>();
        server.Intercept = async _ =>
        {
            // Any request of one may be overtaken by a whole cycle of the other.
            if (random.Chance(0.05) && replicas.FirstOrDefault(static replica => !replica.IsBusy) is { } other)
            {
                await other.CycleAsync();
            }

            return false;
        };
        await replicas[0].CycleAsync();

        // Long enough for three authorities one after the other.
        while (clock.Elapsed < TimeSpan.FromDays(4.5 * 365))
        {
            clock.Advance(random.Pick(Steps));
            if (isSecretAttacked && random.Chance(0.05))
            {
                Attack(server, random);
            }

            for (var i = random.Next(3); i > 0; i--)
            {
                var at = random.Next(2);
                if (random.Chance(0.02))
                {
                    replicas[at].Dispose();
                    replicas[at] = new Replica(server, clock);
                }

                if (!replicas[at].IsBusy)
                {
                    await replicas[at].CycleAsync();
                }

                await judge.AssertAsync(replicas);
            }

            // Nobody is away for longer than what is left after two thirds.
            foreach (var replica in replicas)
            {
                await replica.CycleAsync();
                await judge.AssertAsync(replicas);
            }

            var trusted = CertificateText.ReadBundle(Handshake.Bundles(server).First());
            authorities.UnionWith(trusted);
            Assert.InRange(trusted.Length, 1, isSecretAttacked ? StoredCertificates.MaxAuthorities : 2);
        }

        Assert.InRange(judge.Handshakes, 20, 5_000);
        Assert.True(authorities.Count >= 4, $"seed {seed}: {authorities.Count} authorities");
        Array.ForEach(replicas, static replica => replica.Dispose());
    }

    private static void Attack(FakeApiServer server, SeededRandom random)
    {
        if (server.Get(Replica.SecretPath) is not { } secret || random.Chance(0.3))
        {
            server.Delete(Replica.SecretPath);
            return;
        }

        var data = secret["data"]!.AsObject();
        var key = random.Pick(data.Select(static item => item.Key).ToList());
        data[key] = random.Next(3) switch
        {
            0 => "!!!",
            1 => "",
            _ => data[random.Pick(data.Select(static item => item.Key).ToList())]!.GetValue<string>(),
        };
        server.Put(Replica.SecretPath, secret.ToJsonString());
    }

    private sealed class Judge(FakeApiServer server, ManualTimeProvider clock, int seed)
    {
        private readonly HashSet<(string, string)> _connected = [];

        public int Handshakes { get; private set; }

        public async Task AssertAsync(IEnumerable<Replica> replicas)
        {
            foreach (var replica in replicas)
            {
                if (replica.Served.Current is not { } served)
                {
                    continue;
                }

                foreach (var bundle in Handshake.Bundles(server).Distinct())
                {
                    Assert.True(
                        Handshake.IsTrusted(served, bundle, clock.GetUtcNow()),
                        $"seed {seed}, after {clock.Elapsed}: {replica.Served.Facts} is not trusted by [{string.Join(", ", CertificateText.ReadBundle(bundle))}]\n{string.Join('\n', replica.Log.Events.TakeLast(8))}");
                    if (_connected.Add((served.Thumbprint, bundle)))
                    {
                        Handshakes++;
                        await Handshake.AssertAsync(served, bundle, clock.GetUtcNow());
                    }
                }
            }
        }
    }
}
