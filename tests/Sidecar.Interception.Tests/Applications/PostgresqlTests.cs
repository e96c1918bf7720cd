using System.Globalization;
using System.Net;

namespace Sidecar.Interception.Tests.Applications;

/// <summary>
/// A PostgreSQL server and its clients, which know of no proxy: the client speaks first, in a protocol of its own that may turn
/// into TLS, and cancels over a second connection.
/// </summary>
public abstract class PostgresqlTests(ApplicationNetwork applications, bool isIntercepted) : IClassFixture<ApplicationNetwork>
{
    private const string Needs = "psql pg_ctlcluster";

    // Of all settings one: the clients know the user's name from here, and say nothing of the proxy.
    private static readonly Dictionary<string, string> Environment = new()
    {
        ["PGUSER"] = "corpus",
        ["PGDATABASE"] = "postgres",
        ["PGSSLMODE"] = "disable",
        ["PGCONNECT_TIMEOUT"] = "20",
    };

    public static TheoryData<Way, bool> Ways => new() { { Way.Outbound, false }, { Way.Inbound, true }, { Way.PodToPod, false }, { Way.PodToPod, true } };

    [NetnsTheory(Needs = Needs)]
    [MemberData(nameof(Ways))]
    public async Task AnyPort_QueriesTlsCopyCancelAndBenchmark_AreAsWithout(Way way, bool isIPv6) =>
        await RunAsync(await applications.GetAsync(isIntercepted), way, isIPv6, applications.NextPorts());

    // Carried unread: the port is in the default list.
    [NetnsTheory(Needs = Needs)]
    [InlineData(Way.Outbound)]
    [InlineData(Way.Inbound)]
    public async Task ItsOwnPort_QueriesTlsCopyCancelAndBenchmark_AreAsWithout(Way way) =>
        await RunAsync(await applications.GetAsync(isIntercepted), way, isIPv6: false, port: 5432);

    [NetnsFact(Needs = Needs)]
    public async Task WrittenRoute_QueriesTlsCopyCancelAndBenchmark_AreAsWithout()
    {
        var port = applications.NextPorts();
        await using var network = await PodNetwork.CreateAsync();
        if (isIntercepted)
        {
            await network.Pod.StartSidecarAsync(PodDocument.Tcp(port));
        }

        await RunAsync(network, Way.Outbound, isIPv6: false, port);
        if (isIntercepted)
        {
            var carried = (await network.Pod.Sidecar.MetricsAsync()).Sum("sidecar_opaque_connections_total", ("route", "database"));
            Assert.True(carried > 0, "no connection took the written route");
        }
    }

    [NetnsTheory(Needs = Needs)]
    [InlineData(Way.Outbound)]
    [InlineData(Way.Inbound)]
    public async Task ServerIsKilled_WaitingAndWritingClients_AreToldAndComeBack(Way way)
    {
        var network = await applications.GetAsync(isIntercepted);
        var (from, at, address) = ApplicationNetwork.Ends(network, way, isIPv6: false);
        var port = applications.NextPorts();
        var folder = new PostgresqlFolder();
        await using (var server = await folder.StartAsync(at, port))
        {
            await AskAsync(from, address, port, "create table written (text text)");
            await using var waiting = Start(from, address, port, "select pg_sleep(600)");
            await using var writing = Start(from, address, port, @"\copy written from program 'yes'");
            await Patience.Eventually(
                async () => await AskAsync(from, address, port, "select count(*) from pg_stat_activity where state = 'active' and query ~ '^(select pg_sleep|COPY)'") == "2",
                "both are under way");

            await server.KillAsync();

            foreach (var client in new[] { waiting, writing })
            {
                Assert.NotEqual(0, await client.WaitForExitAsync());
                Assert.Matches("server closed the connection unexpectedly|Connection reset by peer|could not (receive|send) data", client.ToString());
            }
        }

        await using var again = await folder.StartAsync(at, port);
        Assert.Equal("42", await AskAsync(from, address, port, "select 42"));
    }

    private static async Task RunAsync(PodNetwork network, Way way, bool isIPv6, int port)
    {
        var (from, at, address) = ApplicationNetwork.Ends(network, way, isIPv6);
        await using var server = await new PostgresqlFolder().StartAsync(at, port);
        var result = await NamespaceProcess.RunAsync(
            from,
            Pod.ApplicationUser,
            ["sh", ApplicationNetwork.Script("postgresql_client.sh"), PostgresqlFolder.Programs, address.ToString(), port.ToString(CultureInfo.InvariantCulture)]);
        Assert.True(result.ExitCode == 0 && result.Output.EndsWith("done", StringComparison.Ordinal), $"{result}\n{server}");
    }

    private static NamespaceProcess Start(NetworkNamespace from, IPAddress address, int port, string query) =>
        NamespaceProcess.Start(from, Pod.ApplicationUser, Psql(address, port, query), Environment);

    private static async Task<string> AskAsync(NetworkNamespace from, IPAddress address, int port, string query)
    {
        var result = await NamespaceProcess.RunAsync(from, Pod.ApplicationUser, Psql(address, port, query), Environment);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Output;
    }

    private static string[] Psql(IPAddress address, int port, string query) =>
        [Path.Combine(PostgresqlFolder.Programs, "psql"), "-XAtq", "-h", address.ToString(), "-p", port.ToString(CultureInfo.InvariantCulture), "-c", query];
}

/// <summary>Without a proxy: shows that the applications do what the tests say.</summary>
public sealed class DirectPostgresqlTests(ApplicationNetwork applications) : PostgresqlTests(applications, isIntercepted: false);

/// <summary>Through the interception.</summary>
public sealed class InterceptedPostgresqlTests(ApplicationNetwork applications) : PostgresqlTests(applications, isIntercepted: true), IInterceptedSuite;
