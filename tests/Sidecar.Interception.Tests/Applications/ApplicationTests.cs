using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sidecar.Interception.Tests.Applications;

/// <summary>
/// Programs of other people's making, each under the application's user, that know of no proxy. The suite runs once
/// without one, which shows that the programs themselves do what the test expects, and once through the interception.
/// </summary>
public abstract class ApplicationTests(ApplicationNetwork applications, bool isIntercepted) : IClassFixture<ApplicationNetwork>
{
    public static TheoryData<Way, bool> Ways => new()
    {
        { Way.Outbound, false },
        { Way.Outbound, true },
        { Way.Inbound, false },
        { Way.Inbound, true },
        { Way.PodToPod, false },
        { Way.PodToPod, true },
    };

    [NetnsTheory(Needs = "curl nginx")]
    [MemberData(nameof(Ways))]
    public async Task CurlAndNginx_EveryKindOfAnswerAndTls_AreAsWithout(Way way, bool isIPv6)
    {
        var network = await applications.GetAsync(isIntercepted);
        await RunNginxAsync(network, way, isIPv6);
    }

    [NetnsTheory(Needs = "curl python3")]
    [MemberData(nameof(Ways))]
    public Task CurlAndPython_EveryKindOfUpload_IsEchoed(Way way, bool isIPv6) => RunAsync(
        way,
        isIPv6,
        port => ["python3", "-u", ApplicationNetwork.Script("echo_server.py"), port],
        (host, port) => ["sh", ApplicationNetwork.Script("curl_echo.sh"), host, port, new NginxFolder(0).ServedFile]);

    [NetnsTheory(Needs = "python3")]
    [MemberData(nameof(Ways))]
    public Task Python_UrllibAndHttpClient_AreAnswered(Way way, bool isIPv6) => RunAsync(
        way,
        isIPv6,
        port => ["python3", "-u", ApplicationNetwork.Script("echo_server.py"), port],
        (host, port) => ["python3", "-u", ApplicationNetwork.Script("http_client.py"), host, port]);

    [NetnsTheory(Needs = "python3 node npm:undici")]
    [MemberData(nameof(Ways))]
    public Task Node_FetchAndUndici_AreAnswered(Way way, bool isIPv6) => RunAsync(
        way,
        isIPv6,
        port => ["python3", "-u", ApplicationNetwork.Script("echo_server.py"), port],
        (host, port) => ["node", ApplicationNetwork.Script("undici.cjs"), $"http://{Bracketed(host)}:{port}"]);

    [NetnsTheory(Needs = "python3")]
    [MemberData(nameof(Ways))]
    public Task Smtp_ServerSpeaksFirst_MailIsDelivered(Way way, bool isIPv6) => RunAsync(
        way,
        isIPv6,
        port => ["python3", "-u", ApplicationNetwork.Script("smtp_server.py"), port],
        (host, port) => ["python3", "-u", ApplicationNetwork.Script("smtp_client.py"), host, port]);

    [NetnsTheory(Needs = "redis-server redis-cli redis-benchmark")]
    [MemberData(nameof(Ways))]
    public Task Redis_OnAnyPort_CommandsAndBenchmark(Way way, bool isIPv6) => RunAsync(way, isIPv6, RedisServer, RedisClient, "Ready to accept connections");

    [NetnsFact(Needs = "redis-server redis-cli redis-benchmark")]
    public Task Redis_OnItsOwnPort_CommandsAndBenchmark() =>
        RunAsync(Way.Outbound, isIPv6: false, RedisServer, RedisClient, "Ready to accept connections", port: 6379);

    [NetnsTheory(Needs = "node npm:@grpc/grpc-js")]
    [MemberData(nameof(Ways))]
    public Task GrpcJs_UnaryStreamsTrailersAndDeadline_AreAsWithout(Way way, bool isIPv6) => RunAsync(
        way,
        isIPv6,
        port => ["node", ApplicationNetwork.Script("grpc.cjs"), "server", port],
        (host, port) => ["node", ApplicationNetwork.Script("grpc.cjs"), "client", $"{Bracketed(host)}:{port}"]);

    [NetnsTheory(Needs = "node npm:ws")]
    [MemberData(nameof(Ways))]
    public Task WebSocket_EchoLargeFrameAndCloseCodes_AreAsWithout(Way way, bool isIPv6) => RunAsync(
        way,
        isIPv6,
        port => ["node", ApplicationNetwork.Script("ws.cjs"), "server", port],
        (host, port) => ["node", ApplicationNetwork.Script("ws.cjs"), "client", $"ws://{Bracketed(host)}:{port}"]);

    [NetnsFact(Needs = "curl nginx")]
    public async Task InboundAndOutbound_AtOnceInBothFamilies_DoNotDisturbEachOther()
    {
        var network = await applications.GetAsync(isIntercepted);
        await Task.WhenAll(
            RunNginxAsync(network, Way.Outbound, isIPv6: false),
            RunNginxAsync(network, Way.Inbound, isIPv6: true),
            RunNginxAsync(network, Way.Outbound, isIPv6: true),
            RunNginxAsync(network, Way.Inbound, isIPv6: false));
    }

    // The first pod's application calls the second's, which calls back: out, in, out, in.
    [NetnsTheory(Needs = "python3 curl")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TwoPods_CallAndCallBack_PassFourProxies(bool isIPv6)
    {
        var network = await applications.GetAsync(isIntercepted);
        var (first, second) = (network.Pods[0], network.Pods[1]);
        var port = applications.NextPorts();
        await using var one = await StartLinkAsync(first, port, second.Address(isIPv6));
        await using var two = await StartLinkAsync(second, port, first.Address(isIPv6));
        var (beforeFirst, beforeSecond) = (first.Network.CountOpens(), second.Network.CountOpens());
        var answer = await first.RunAsync("curl", "-gsS", "-m", "20", $"http://{Bracketed(second.Address(isIPv6).ToString())}:{port}/1");

        Assert.Equal($"{port}:1 {port}:0", answer.Output);

        // Each pod has one application that dials and one that is dialled; with a proxy on either way each dial is two more.
        var wanted = isIntercepted ? new TcpOpens(3, 3) : new TcpOpens(1, 1);
        Assert.Equal(wanted, first.Network.CountOpens() - beforeFirst);
        Assert.Equal(wanted, second.Network.CountOpens() - beforeSecond);
    }

    [NetnsTheory(Needs = "python3 curl")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TwoPods_DeepChain_IsAnswered(bool isIPv6)
    {
        var network = await applications.GetAsync(isIntercepted);
        var (first, second) = (network.Pods[0], network.Pods[1]);
        var port = applications.NextPorts();
        await using var one = await StartLinkAsync(first, port, second.Address(isIPv6));
        await using var two = await StartLinkAsync(second, port, first.Address(isIPv6));
        var answer = await first.RunAsync("curl", "-gsS", "-m", "20", $"http://{Bracketed(second.Address(isIPv6).ToString())}:{port}/9");
        Assert.Equal(string.Join(' ', Enumerable.Range(0, 10).Reverse().Select(left => $"{port}:{left}")), answer.Output);
    }

    private static string Bracketed(string host) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;

    private static string[] RedisServer(string port) =>
        ["redis-server", "--port", port, "--bind", "0.0.0.0", "::", "--protected-mode", "no", "--save", "", "--appendonly", "no", "--dir", "/"];

    private static string[] RedisClient(string host, string port) => ["sh", ApplicationNetwork.Script("redis_client.sh"), host, port];

    private static Task<NamespaceProcess> StartLinkAsync(Pod pod, int port, IPAddress other) => StartAsync(
        pod.Network,
        ["python3", "-u", ApplicationNetwork.Script("chain.py"), port.ToString(CultureInfo.InvariantCulture), other.ToString(), port.ToString(CultureInfo.InvariantCulture)],
        "listening");

    private static async Task<NamespaceProcess> StartAsync(NetworkNamespace network, string[] commandLine, string readyLine)
    {
        var process = NamespaceProcess.Start(network, Pod.ApplicationUser, commandLine, ApplicationNetwork.NodeEnvironment);
        try
        {
            await process.WaitForLineAsync(readyLine);
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    private static async Task RunClientAsync(NetworkNamespace network, string[] commandLine)
    {
        var result = await NamespaceProcess.RunAsync(network, Pod.ApplicationUser, commandLine, ApplicationNetwork.NodeEnvironment);
        Assert.True(result.ExitCode == 0 && result.Output.EndsWith("done", StringComparison.Ordinal), result.ToString());
    }

    private async Task RunAsync(Way way, bool isIPv6, Func<string, string[]> server, Func<string, string, string[]> client, string readyLine = "listening", int port = 0)
    {
        var (from, at, address) = ApplicationNetwork.Ends(await applications.GetAsync(isIntercepted), way, isIPv6);
        var portText = (port == 0 ? applications.NextPorts() : port).ToString(CultureInfo.InvariantCulture);
        await using var process = await StartAsync(at, server(portText), readyLine);
        await RunClientAsync(from, client(address.ToString(), portText));
    }

    private async Task RunNginxAsync(PodNetwork network, Way way, bool isIPv6)
    {
        var (from, at, address) = ApplicationNetwork.Ends(network, way, isIPv6);
        var port = applications.NextPorts();
        var folder = new NginxFolder(port);
        await using var nginx = NamespaceProcess.Start(at, Pod.ApplicationUser, ["nginx", "-e", "stderr", "-c", folder.Configuration]);
        await Patience.Eventually(() => IsListeningAsync(at, port), $"nginx listens: {nginx}");
        await RunClientAsync(from, ["sh", ApplicationNetwork.Script("curl_nginx.sh"), address.ToString(), port.ToString(CultureInfo.InvariantCulture), folder.ServedFile]);
    }

    // nginx says nothing when it is ready. Over loopback, which nobody intercepts.
    private static async Task<bool> IsListeningAsync(NetworkNamespace network, int port)
    {
        using var socket = network.CreateSocket(AddressFamily.InterNetwork);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

/// <summary>Without a proxy: shows that the applications do what the tests say.</summary>
public sealed class DirectApplicationTests(ApplicationNetwork applications) : ApplicationTests(applications, isIntercepted: false);

/// <summary>Through the interception.</summary>
public sealed class InterceptedApplicationTests(ApplicationNetwork applications) : ApplicationTests(applications, isIntercepted: true), IInterceptedSuite;
