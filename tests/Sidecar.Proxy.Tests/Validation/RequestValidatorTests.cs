using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Proxy.Validation;

namespace Sidecar.Proxy.Tests.Validation;

public class RequestValidatorTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/a%2Fb;x=1/../c?q=%20&r=/")]
    [InlineData("/a//b?x=y?z")]
    public void Check_OrdinaryTarget_Passes(string target) => Assert.Null(RequestValidator.Check(Request(target: target)));

    [Theory]
    [InlineData("/a b", 400)]
    [InlineData("/a\u0001", 400)]
    [InlineData("/a\u007f", 400)]
    [InlineData("*", 501)]
    [InlineData("http://other.test/", 400)]
    [InlineData("http://user@api.test/", 400)]
    [InlineData("ftp://api.test/", 400)]
    public void Check_HostileTarget_IsRefused(string target, int status) =>
        Assert.Equal(status, RequestValidator.Check(Request(target: target))!.Value.Status);

    [Theory]
    [InlineData("http://api.test/x")]
    [InlineData("http://API.test:80/x")]
    [InlineData("http://api.test?x")]
    public void Check_AbsoluteTargetThatAgreesWithHost_Passes(string target) => Assert.Null(RequestValidator.Check(Request(target: target)));

    [Fact]
    public void Check_Connect_Is501() => Assert.Equal(501, RequestValidator.Check(Request("CONNECT", "api.test:443"))!.Value.Status);

    [Fact]
    public void Check_ForeignScheme_IsRefused()
    {
        var context = Request(protocol: "HTTP/2");
        context.Request.Scheme = "gopher";

        Assert.Equal(400, RequestValidator.Check(context)!.Value.Status);
    }

    [Theory]
    [InlineData("chunked, chunked", 501)]
    [InlineData("gzip, chunked", 501)]
    [InlineData("identity", 501)]
    [InlineData("xchunked", 501)]
    public void Check_TransferEncodingOtherThanChunked_IsRefusedAndCloses(string value, int status)
    {
        var refusal = RequestValidator.Check(Request(headers: ("Transfer-Encoding", value)))!.Value;

        Assert.Equal(status, refusal.Status);
        Assert.True(refusal.ClosesConnection);
    }

    [Fact]
    public void Check_TwoTransferEncodingLines_IsRefused()
    {
        var context = Request();
        context.Request.Headers.TransferEncoding = new(["chunked", "chunked"]);

        Assert.Equal(501, RequestValidator.Check(context)!.Value.Status);
    }

    [Fact]
    public void Check_ContentLengthBesideTransferEncoding_IsRefused() =>
        Assert.Equal(400, RequestValidator.Check(Request(headers: [("Transfer-Encoding", "chunked"), ("X-Content-Length", "6")]))!.Value.Status);

    [Fact]
    public void Check_TransferEncodingInHttp10_IsRefused() =>
        Assert.Equal(400, RequestValidator.Check(Request(protocol: "HTTP/1.0", headers: ("Transfer-Encoding", "chunked")))!.Value.Status);

    [Theory]
    [InlineData("Transfer_Encoding")]
    [InlineData("content_length")]
    public void Check_FramingLookalike_IsRefused(string name) =>
        Assert.Equal(400, RequestValidator.Check(Request(headers: (name, "1")))!.Value.Status);

    [Theory]
    [InlineData("x\r\nevil")]
    [InlineData("a:b")]
    [InlineData("sp ace")]
    [InlineData("")]
    [InlineData("x[a]")]
    [InlineData("ä")]
    public void Check_HeaderNameThatIsNoToken_IsRefused(string name) =>
        Assert.Equal(400, RequestValidator.Check(Request(protocol: "HTTP/2", headers: (name, "1")))!.Value.Status);

    [Theory]
    [InlineData("\u0001")]
    [InlineData("a\u001bb")]
    [InlineData("a\u007f")]
    [InlineData("a\r\nb: c")]
    public void Check_ControlCharacterInValue_IsRefused(string value) =>
        Assert.Equal(400, RequestValidator.Check(Request(headers: ("x-a", value)))!.Value.Status);

    [Theory]
    [InlineData("tab\tinside")]
    [InlineData("\u00e9\u00ff")]
    public void Check_TabAndLatin1InValue_Pass(string value) => Assert.Null(RequestValidator.Check(Request(headers: ("x-a", value))));

    [Theory]
    [InlineData("upgrade")]
    [InlineData("keep-alive")]
    [InlineData("proxy-connection")]
    [InlineData("transfer-encoding")]
    public void Check_ConnectionSpecificFieldOverHttp2_IsRefused(string name) =>
        Assert.Equal(400, RequestValidator.Check(Request(protocol: "HTTP/2", headers: (name, "chunked")))!.Value.Status);

    [Theory]
    [InlineData("100-continue", null)]
    [InlineData("100-Continue", null)]
    [InlineData("y 100-continue", 417)]
    [InlineData("200-maybe", 417)]
    public void Check_Expect_OnlyContinueIsKnown(string value, int? status) =>
        Assert.Equal(status, RequestValidator.Check(Request(headers: ("Expect", value)))?.Status);

    [Fact]
    public void Check_NoHost_IsRefusedExceptInHttp10()
    {
        var http11 = Request();
        http11.Request.Host = default;
        var http10 = Request(protocol: "HTTP/1.0");
        http10.Request.Host = default;

        Assert.Equal(400, RequestValidator.Check(http11)!.Value.Status);
        Assert.Null(RequestValidator.Check(http10));
    }

    private static DefaultHttpContext Request(
        string method = "GET", string target = "/", string protocol = "HTTP/1.1", params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = method;
        context.Request.Scheme = "http";
        context.Request.Protocol = protocol;
        context.Request.Host = new HostString("api.test");
        context.Features.Get<IHttpRequestFeature>()!.RawTarget = target;
        foreach (var (name, value) in headers)
        {
            context.Request.Headers[name] = value;
        }

        return context;
    }
}
