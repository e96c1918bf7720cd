using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sidecar.Contract;
using static Sidecar.Proxy.FunctionalTests.Harness.ProxyRequests;

namespace Sidecar.Proxy.FunctionalTests.Lifecycle;

/// <summary>The kubelet asks the proxy for the application's probes and hooks, and gets what it would have got itself.</summary>
public abstract class AppHealthTests(ProxyKind kind) : ProxySuite(kind)
{
    [ProxyTheory]
    [InlineData(200, 200)]
    [InlineData(204, 200)]
    [InlineData(399, 200)]
    [InlineData(400, 503)]
    [InlineData(500, 503)]
    public async Task HttpGet_Status_DecidesAsTheKubeletDoes(int status, int verdict)
    {
        var app = Own(ScriptedUpstream.Answering(() => status == 204 ? Answer.Start(204) : Answer.Status(status, "secret body")));
        var proxy = await StartAsync(HttpGet(app, """ "path": "/healthz?a=b", "httpHeaders": [{"name":"X-Probe","value":"1"}] """));

        var answer = await AskAsync(proxy, "web/readiness", "user-agent: kube-probe/1.34");

        Assert.Equal(verdict, answer.Status);
        Assert.Contains($"answered {status}", answer.BodyText, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", answer.BodyText, StringComparison.Ordinal);
        var seen = Assert.Single(app.Requests);
        Assert.Equal("GET /healthz?a=b HTTP/1.1", seen.StartLine);
        Assert.Equal([$"127.0.0.1:{app.Port}", "kube-probe/1.34", "*/*", "1", "close"], ((string[])["host", "user-agent", "accept", "x-probe", "connection"]).Select(name => Assert.Single(seen.All(name))));
        Assert.Equal(5, seen.Headers.Count);
    }

    [ProxyFact]
    public async Task HttpGet_HeadersThatReplaceTheKubelets_GoOutAsWritten()
    {
        var app = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(HttpGet(app, """
            "httpHeaders": [{"name":"Host","value":"app.test"},{"name":"user-agent","value":"mine"},{"name":"Accept","value":""},{"name":"Content-Length","value":"7"},{"name":"X","value":"1"},{"name":"X","value":"2"}]
            """));

        Assert.Equal(200, (await AskAsync(proxy, "web/readiness")).Status);

        var seen = Assert.Single(app.Requests);
        Assert.Equal(["app.test"], seen.All("host"));
        Assert.Equal(["mine"], seen.All("user-agent"));
        Assert.Empty(seen.All("accept"));
        Assert.Empty(seen.All("content-length"));
        Assert.Equal("1, 2", string.Join(", ", seen.All("x")));
    }

    [ProxyFact]
    public async Task HttpGet_RedirectOnTheSameHost_IsFollowed()
    {
        var app = Own(ScriptedUpstream.Answering(request => request.Target == "/" ? Answer.Status(302, "", "location: /deep") : Answer.Status(500)));
        var proxy = await StartAsync(HttpGet(app, """ "httpHeaders": [{"name":"Host","value":"app.test"}] """));

        Assert.Equal(503, (await AskAsync(proxy, "web/readiness")).Status);
        Assert.Equal([("/", "app.test"), ("/deep", "app.test")], app.Requests.Select(request => (request.Target, request.All("host")[0])));
    }

    [ProxyFact]
    public async Task HttpGet_RedirectToAnotherHost_IsHealthyAndNotFollowed()
    {
        var elsewhere = Own(ScriptedUpstream.Answering(() => Answer.Status(500)));
        var app = Own(ScriptedUpstream.Answering(() => Answer.Status(301, "", $"location: http://localhost:{elsewhere.Port}/login")));
        var proxy = await StartAsync(HttpGet(app));

        Assert.Equal(200, (await AskAsync(proxy, "web/readiness")).Status);
        Assert.Empty(elsewhere.Requests);
    }

    [ProxyFact]
    public async Task HttpGet_RedirectsForEver_StopsAfterTen()
    {
        var app = Own(ScriptedUpstream.Answering(() => Answer.Status(307, "", "location: /again")));
        var proxy = await StartAsync(HttpGet(app));

        Assert.Equal(503, (await AskAsync(proxy, "web/readiness")).Status);
        Assert.Equal(11, app.Requests.Count);
    }

    [ProxyFact]
    public async Task HttpGet_Https_TakesAnyCertificate()
    {
        var app = Own(ScriptedUpstream.Running(async connection =>
        {
            using var certificate = SelfSigned("not-this-host");
            await using var tls = new SslStream(new NetworkStream(connection.Socket, ownsSocket: false));
            await tls.AuthenticateAsServerAsync(certificate);
            await new WireReader(tls).ReadThroughAsync("\r\n\r\n"u8.ToArray());
            await tls.WriteAsync("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"u8.ToArray());
        }));
        var proxy = await StartAsync(new ProxyStart(Document) { Environment = Probes($$$$$$"""{"web/readiness":{"httpGet":{"port":{{{{{{app.Port}}}}}},"scheme":"HTTPS"},"timeoutSeconds":30}}""") });

        Assert.Equal(200, (await AskAsync(proxy, "web/readiness")).Status);
    }

    [ProxyFact]
    public async Task HttpGet_EndlessBody_IsReadToItsBoundOnly()
    {
        var app = Own(ScriptedUpstream.Answering(() => Answer.Start(200, "transfer-encoding: chunked").ThenChunk(new string('x', 64 * 1024)).ThenHold()));
        var proxy = await StartAsync(HttpGet(app));

        Assert.Equal(200, (await AskAsync(proxy, "web/readiness")).Status);
    }

    [ProxyFact]
    public async Task HttpGet_NoAnswer_Is503AfterTheProbesTimeout()
    {
        var app = Own(ScriptedUpstream.Answering(() => Answer.Never));
        var proxy = await StartAsync(HttpGet(app, timeoutSeconds: 1));

        var answer = await AskAsync(proxy, "web/readiness");

        Assert.Equal(503, answer.Status);
        Assert.Contains("did not answer within 1 s", answer.BodyText, StringComparison.Ordinal);
    }

    [ProxyTheory]
    [InlineData("")]
    [InlineData("nonsense\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort")]
    public async Task HttpGet_NoHttp_Is503(string bytes)
    {
        var app = Own(ScriptedUpstream.Answering(() => Answer.Raw(bytes).ThenClose()));
        var proxy = await StartAsync(HttpGet(app));

        Assert.Equal(503, (await AskAsync(proxy, "web/readiness")).Status);
    }

    [ProxyFact]
    public async Task TcpSocket_OpenAndClosed_AreToldApart()
    {
        var app = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var closed = Own(new ClosedPort());
        var proxy = await StartAsync(new ProxyStart(Document)
        {
            Environment = Probes($$$$$$"""{"web/liveness":{"tcpSocket":{"port":{{{{{{app.Port}}}}}}},"timeoutSeconds":30},"web/startup":{"tcpSocket":{"port":{{{{{{closed.Port}}}}}}},"timeoutSeconds":30}}"""),
        });

        Assert.Equal(200, (await AskAsync(proxy, "web/liveness")).Status);
        var refused = await AskAsync(proxy, "web/startup");
        Assert.Equal(503, refused.Status);
        Assert.Contains("refused", refused.BodyText, StringComparison.Ordinal);
    }

    [ProxyTheory]
    [InlineData(0, 1, 200)]
    [InlineData(0, 2, 503)]
    [InlineData(0, 0, 503)]
    [InlineData(5, 1, 503)]
    [InlineData(12, 1, 503)]
    public async Task Grpc_CheckOfTheService_DecidesByItsStatus(int grpcStatus, byte serving, int verdict)
    {
        var service = "";
        var app = Own(await KestrelUpstream.StartAsync(HttpProtocols.Http2, async context =>
        {
            var message = await GrpcFraming.ReadMessageAsync(context.Request.Body) ?? [];
            service = $"{context.Request.Path} {Encoding.UTF8.GetString(message, 2, message.Length - 2)} {context.Request.Headers.UserAgent} {context.Request.Headers["grpc-timeout"]}";
            await (grpcStatus == 0 ? GrpcFraming.RespondAsync(context, 0, serving == 0 ? [] : [8, serving]) : GrpcFraming.RespondTrailersOnlyAsync(context, grpcStatus));
        }));
        var proxy = await StartAsync(new ProxyStart(Document)
        {
            Environment = Probes($$$$$$"""{"web/readiness":{"grpc":{"port":{{{{{{app.Port}}}}}},"service":"orders.v1"},"timeoutSeconds":20}}"""),
        });

        Assert.Equal(verdict, (await AskAsync(proxy, "web/readiness", "user-agent: kube-probe/1.34")).Status);
        Assert.Equal("/grpc.health.v1.Health/Check orders.v1 kube-probe/1.34 20S", service);
    }

    [ProxyFact]
    public async Task Grpc_ServerOfHttp1Only_Is503()
    {
        var app = Own(ScriptedUpstream.Running(async connection =>
        {
            await connection.SendAsync("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
            connection.Close();
        }));
        var proxy = await StartAsync(new ProxyStart(Document) { Environment = Probes($$$$$$"""{"web/readiness":{"grpc":{"port":{{{{{{app.Port}}}}}}},"timeoutSeconds":30}}""") });

        Assert.Equal(503, (await AskAsync(proxy, "web/readiness")).Status);
    }

    [ProxyFact]
    public async Task Hook_AnyStatus_IsSuccess_NoAnswerIsNone()
    {
        var app = Own(ScriptedUpstream.Answering(() => Answer.Status(500)));
        var closed = Own(new ClosedPort());
        var proxy = await StartAsync(new ProxyStart(Document)
        {
            Environment = Probes($$$$$$"""{"web/pre-stop":{"httpGet":{"port":{{{{{{app.Port}}}}}},"path":"/stop"}},"web/post-start":{"httpGet":{"port":{{{{{{closed.Port}}}}}}}}}"""),
        });

        Assert.Equal(200, (await AskAsync(proxy, "web/pre-stop")).Status);
        Assert.Equal("/stop", Assert.Single(app.Requests).Target);

        // To the kubelet a hook's 503 would be a success.
        await Assert.ThrowsAnyAsync<IOException>(() => AskAsync(proxy, "web/post-start"));
    }

    [ProxyTheory]
    [InlineData("/app-health/")]
    [InlineData("/app-health/web/liveness")]
    [InlineData("/app-health/other/readiness")]
    [InlineData("/app-health/web/readiness/")]
    [InlineData("/app-health/web%2Freadiness")]
    [InlineData("//app-health/web/readiness")]
    public async Task UnknownName_Is404(string target)
    {
        var app = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(HttpGet(app));

        Assert.Equal(404, (await RawClient.ExchangeAsync(proxy.Metrics, Request("GET", target))).Status);
        Assert.Equal(404, (await RawClient.ExchangeAsync(proxy.Admin, Request("GET", "/app-health/web/readiness", "host: localhost"))).Status);
        Assert.Empty(app.Requests);
    }

    [ProxyFact]
    public async Task Methods_OtherThanGetAndHead_AreRefused()
    {
        var app = Own(ScriptedUpstream.Answering(() => Answer.Ok()));
        var proxy = await StartAsync(HttpGet(app));

        Assert.Equal(405, (await RawClient.ExchangeAsync(proxy.Metrics, RequestWithBody("POST", "/app-health/web/readiness", ""))).Status);
        Assert.Equal(200, (await RawClient.ExchangeAsync(proxy.Metrics, Request("HEAD", "/app-health/web/readiness"))).Status);
        Assert.Equal("GET / HTTP/1.1", Assert.Single(app.Requests).StartLine);
    }

    [ProxyFact]
    public async Task Probes_BeyondTheBound_AreRefusedAtOnceAndOthersGoOn()
    {
        var permission = new TaskCompletionSource();
        var app = Own(ScriptedUpstream.Answering(() => Answer.Ok().After(permission.Task)));
        var proxy = await StartAsync(HttpGet(app, timeoutSeconds: 60));
        var held = Enumerable.Range(0, 32).Select(_ => AskAsync(proxy, "web/readiness")).ToArray();
        await app.WaitForRequestsAsync(32);

        var refused = await AskAsync(proxy, "web/readiness");
        permission.SetResult();

        Assert.Equal(503, refused.Status);
        Assert.Contains("32 application probes", refused.BodyText, StringComparison.Ordinal);
        Assert.All(await Task.WhenAll(held), answer => Assert.Equal(200, answer.Status));
        Assert.Equal(200, (await AskAsync(proxy, "web/readiness")).Status);
    }

    [ProxyFact]
    public async Task Probes_WhileDraining_AreTheApplicationsOwn()
    {
        var isUp = true;
        var app = Own(ScriptedUpstream.Answering(() => Answer.Status(isUp ? 200 : 500)));
        var proxy = await StartAsync(HttpGet(app));
        await RawClient.ExchangeAsync(proxy.Admin, RequestWithBody("POST", "/drain", "", "host: localhost", "x-sidecar-admin: 1"));
        await Patience.Eventually(async () => (await proxy.AdminJsonAsync("/stats")).Text("status") == "drained", "it is drained");

        Assert.Equal(200, (await AskAsync(proxy, "web/readiness")).Status);
        isUp = false;
        Assert.Equal(503, (await AskAsync(proxy, "web/readiness")).Status);
    }

    [ProxyFact]
    public async Task Probes_AreNoTraffic_AndAChangeIsOneLine()
    {
        var status = 200;
        var app = Own(ScriptedUpstream.Answering(() => Answer.Status(status)));
        var proxy = await StartAsync(HttpGet(app));

        foreach (var next in (int[])[200, 200, 500, 500, 200])
        {
            status = next;
            await AskAsync(proxy, "web/readiness");
        }

        var changes = await proxy.Logs.WaitForAsync(line => line.Event() == "app-probe-changed", 2, "both changes");
        Assert.Equal(2, changes.Count);
        Assert.Contains("answered 500", changes[0].Text("reason"), StringComparison.Ordinal);
        Assert.Equal([JsonValueKind.False, JsonValueKind.True], changes.Select(line => line.GetProperty("healthy").ValueKind));
        Assert.DoesNotContain(proxy.Logs.Lines, line => line.Event() is "request" or "connection");
        var metrics = await proxy.MetricsAsync();
        Assert.Equal(0, metrics.Sum("http_server_request_duration_seconds_count"));
        Assert.Equal(0, metrics.Sum("http_client_request_duration_seconds_count"));
        Assert.Equal(0, (await proxy.AdminJsonAsync("/stats")).GetProperty("requests").GetInt32());
    }

    [ProxyFact]
    public async Task Variable_Invalid_Exits64WithEveryMistake()
    {
        var file = await WriteAsync(Document);
        var result = await ProxyProcess.RunAsync(
            ProxyExecutable.PathOf(Kind), ["run", "--config", file, "--on-invalid", "defaults"], Probes("""{"web/readiness":{"tcpSocket":{"port":0}},"web/nothing":{}}"""));

        Assert.Equal(64, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Contains("SIDECAR_APP_PROBES: web/readiness.tcpSocket.port: is not a whole number from 1 to 65535", result.Error, StringComparison.Ordinal);
        Assert.Contains("SIDECAR_APP_PROBES: web/nothing: is not container/probe", result.Error, StringComparison.Ordinal);
    }

    private static string Document => TestDocument.Head;

    private static X509Certificate2 SelfSigned(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }

    private static ProxyStart HttpGet(ScriptedUpstream app, string members = "", int timeoutSeconds = 30) => new(Document)
    {
        Environment = Probes(string.Create(
            CultureInfo.InvariantCulture,
            $$$$$$"""{"web/readiness":{"httpGet":{"port":{{{{{{app.Port}}}}}}{{{{{{(members.Length == 0 ? "" : ", " + members)}}}}}}},"timeoutSeconds":{{{{{{timeoutSeconds}}}}}}}}""")),
    };

    private static Dictionary<string, string> Probes(string json) => new() { [EnvironmentVariables.ApplicationProbes] = json };

    private static Task<RawResponse> AskAsync(IProxyUnderTest proxy, string name, params string[] headers) =>
        RawClient.ExchangeAsync(proxy.Metrics, Request("GET", ApplicationProbes.PathPrefix + name, headers));
}

/// <summary>In process.</summary>
public sealed class AppHealthManaged() : AppHealthTests(ProxyKind.Managed);

/// <summary>Against the binary.</summary>
public sealed class AppHealthNative() : AppHealthTests(ProxyKind.Native), INativeSuite;
