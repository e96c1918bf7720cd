using Sidecar.Proxy.AppHealth;

namespace Sidecar.Proxy.Tests.AppHealth;

public sealed class ProbeReaderTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("{}")]
    public void Read_Nothing_IsNoProbe(string? text)
    {
        var (probes, problems) = ProbeReader.Read(text);

        Assert.Empty(probes);
        Assert.Empty(problems);
    }

    [Fact]
    public void Read_EveryKind_IsUnderstood()
    {
        var (probes, problems) = ProbeReader.Read("""
            {
              "web/readiness": { "httpGet": { "path": "/healthz?deep=1", "port": 8080, "scheme": "HTTPS", "httpHeaders": [{ "name": "Host", "value": "app.test" }, { "name": "X-A", "value": "1" }] },
                                 "timeoutSeconds": 3, "periodSeconds": 10, "initialDelaySeconds": 0, "successThreshold": 1, "failureThreshold": 3 },
              "web/liveness": { "tcpSocket": { "port": 5432, "host": "db.test" } },
              "grpc-1/startup": { "grpc": { "port": 65535, "service": null }, "timeoutSeconds": 0 },
              "web/pre-stop": { "httpGet": { "port": 1 } }
            }
            """);

        Assert.Empty(problems);
        Assert.Equal(["web/readiness", "web/liveness", "grpc-1/startup", "web/pre-stop"], probes.Select(probe => probe.Name));
        var http = Assert.IsType<HttpGetTarget>(probes[0].Target);
        Assert.Equal((null, 8080, "/healthz?deep=1", true, "app.test"), (http.Host, http.Port, http.Target, http.IsTls, http.HostHeader));
        Assert.Equal([("X-A", "1")], http.Headers.Select(header => (header.Key, header.Value)));
        Assert.Equal((false, TimeSpan.FromSeconds(3)), (probes[0].IsHook, probes[0].Timeout));
        Assert.Equal(new TcpSocketTarget("db.test", 5432), probes[1].Target);
        Assert.Equal((new GrpcTarget(65535, ""), TimeSpan.FromSeconds(1)), (probes[2].Target, probes[2].Timeout));
        Assert.Equal((true, (TimeSpan?)null, "/"), (probes[3].IsHook, probes[3].Timeout, ((HttpGetTarget)probes[3].Target).Target));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(30, 30)]
    [InlineData(int.MaxValue, 86400)]
    public void Read_Timeout_IsAtLeastASecondAndNoLongerThanATimerCanBe(int written, int seconds)
    {
        var (probes, _) = ProbeReader.Read($$$$$$"""{"web/liveness":{"tcpSocket":{"port":80},"timeoutSeconds":{{{{{{written}}}}}}}}""");

        Assert.Equal(TimeSpan.FromSeconds(seconds), Assert.Single(probes).Timeout);
    }

    [Theory]
    [InlineData("healthz", "/healthz")]
    [InlineData("/a b?q={x}", "/a%20b?q=%7Bx%7D")]
    [InlineData("/already%20escaped/../kept", "/already%20escaped/../kept")]
    [InlineData("/ä#fragment", "/%C3%A4")]
    [InlineData("", "/")]
    public void Read_Path_IsWhatTheKubeletWouldSend(string path, string target)
    {
        var (probes, _) = ProbeReader.Read($$$$$$"""{"web/liveness":{"httpGet":{"port":80,"path":"{{{{{{path}}}}}}"}}}""");

        Assert.Equal(target, Assert.IsType<HttpGetTarget>(Assert.Single(probes).Target).Target);
    }

    [Theory]
    [InlineData("nonsense", "(value): is not JSON")]
    [InlineData("[]", "(value): is not an object")]
    [InlineData("""{"web/readiness":{"tcpSocket":{"port":0}}}""", "web/readiness.tcpSocket.port: is not a whole number from 1 to 65535")]
    [InlineData("""{"web/readiness":{"tcpSocket":{"port":65536}}}""", "web/readiness.tcpSocket.port: is not a whole number")]
    [InlineData("""{"web/readiness":{"tcpSocket":{"port":"http"}}}""", "web/readiness.tcpSocket.port: is not a whole number")]
    [InlineData("""{"web/readiness":{"tcpSocket":{"port":8080.5}}}""", "web/readiness.tcpSocket.port: is not a whole number")]
    [InlineData("""{"web/readiness":{"tcpSocket":{}}}""", "web/readiness.tcpSocket.port: is missing")]
    [InlineData("""{"web/readiness":{"tcpSocket":7}}""", "web/readiness.tcpSocket: is not an object")]
    [InlineData("""{"web/readiness":{"exec":{"command":["rm"]}}}""", "web/readiness: needs exactly one of httpGet, tcpSocket, grpc")]
    [InlineData("""{"web/readiness":{"tcpSocket":{"port":1},"grpc":{"port":1}}}""", "web/readiness: needs exactly one of")]
    [InlineData("""{"web/readiness":{"tcpSocket":{"port":1},"sudo":true}}""", "web/readiness.sudo: is unknown")]
    [InlineData("""{"web/readiness":{"tcpSocket":{"port":1,"path":"/"}}}""", "web/readiness.tcpSocket.path: is unknown")]
    [InlineData("""{"web/readiness":{"tcpSocket":{"port":1},"timeoutSeconds":-1}}""", "web/readiness.timeoutSeconds: is not a whole number")]
    [InlineData("""{"web/readiness":{"tcpSocket":{"port":1},"periodSeconds":"often"}}""", "web/readiness.periodSeconds: is not a whole number")]
    [InlineData("""{"web/readiness":{"tcpSocket":{"port":1,"port":2}}}""", "web/readiness.tcpSocket.port: stands there twice")]
    [InlineData("""{"web/readiness":{"httpGet":{"port":1,"scheme":"ftp"}}}""", "web/readiness.httpGet.scheme: is neither HTTP nor HTTPS")]
    [InlineData("""{"web/readiness":{"httpGet":{"port":1,"host":"a/b"}}}""", "web/readiness.httpGet.host: is no host name")]
    [InlineData("""{"web/readiness":{"httpGet":{"port":1,"path":"/\r\nX: 1"}}}""", "web/readiness.httpGet.path: is not a text")]
    [InlineData("""{"web/readiness":{"httpGet":{"port":1,"path":"\ud800"}}}""", "web/readiness.httpGet.path: is not a text")]
    [InlineData("""{"web/readiness":{"httpGet":{"port":1,"httpHeaders":[{"name":"a b","value":"1"}]}}}""", "web/readiness.httpGet.httpHeaders[0].name: is no name")]
    [InlineData("""{"web/readiness":{"httpGet":{"port":1,"httpHeaders":[{"name":"a","value":"ü"}]}}}""", "web/readiness.httpGet.httpHeaders[0].value: is not ASCII")]
    [InlineData("""{"web/readiness":{"httpGet":{"port":1,"httpHeaders":{}}}}""", "web/readiness.httpGet.httpHeaders: is not a list")]
    [InlineData("""{"web/pre-stop":{"tcpSocket":{"port":1}}}""", "web/pre-stop: needs httpGet and nothing else")]
    [InlineData("""{"web/pre-stop":{"httpGet":{"port":1},"timeoutSeconds":1}}""", "web/pre-stop.timeoutSeconds: is unknown")]
    [InlineData("""{"web/ready":{"tcpSocket":{"port":1}}}""", "web/ready: is not container/probe")]
    [InlineData("""{"Web/readiness":{"tcpSocket":{"port":1}}}""", "Web/readiness: is not container/probe")]
    [InlineData("""{"../readiness":{"tcpSocket":{"port":1}}}""", "../readiness: is not container/probe")]
    [InlineData("""{"readiness":{"tcpSocket":{"port":1}}}""", "readiness: is not container/probe")]
    public void Read_Mistake_IsReportedWithItsPlaceAndNoProbeIsUsed(string text, string problem)
    {
        var (probes, problems) = ProbeReader.Read(text);

        Assert.Empty(probes);
        Assert.Contains(problems, found => found.ToString().StartsWith($"SIDECAR_APP_PROBES: {problem}", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_TwoMistakes_ReportsBoth()
    {
        var (_, problems) = ProbeReader.Read("""{"a/readiness":{"tcpSocket":{"port":0}},"b/readiness":{}}""");

        Assert.Equal(2, problems.Count);
    }

    [Fact]
    public void Read_MoreThanAnyPodHas_IsRefused()
    {
        var many = string.Join(',', Enumerable.Range(0, ProbeReader.MaxProbes + 1).Select(i => $$$$$$"""
            "c{{{{{{i}}}}}}/liveness":{"tcpSocket":{"port":1}}
            """));

        Assert.Contains("513 probes", Assert.Single(ProbeReader.Read($"{{{many}}}").Problems).Message, StringComparison.Ordinal);
        Assert.Contains("longer than", Assert.Single(ProbeReader.Read($"{{\"{new string('a', ProbeReader.MaxBytes)}\":1}}").Problems).Message, StringComparison.Ordinal);
    }
}
