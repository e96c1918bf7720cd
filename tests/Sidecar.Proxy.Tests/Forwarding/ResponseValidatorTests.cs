using System.Net;
using Sidecar.Proxy.Forwarding;

namespace Sidecar.Proxy.Tests.Forwarding;

public class ResponseValidatorTests
{
    [Fact]
    public void Check_OrdinaryResponse_Passes()
    {
        using var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent([1]) };
        response.Content.Headers.TryAddWithoutValidation("Content-Length", "1");
        response.Headers.TryAddWithoutValidation("x-latin", "\u00e9\t");

        Assert.Null(Check(response, isUpgradeAsked: false));
    }

    [Fact]
    public void Check_SwitchingProtocols_OnlyWhenAsked()
    {
        using var response = new HttpResponseMessage(HttpStatusCode.SwitchingProtocols);

        Assert.NotNull(Check(response, isUpgradeAsked: false));
        Assert.Null(Check(response, isUpgradeAsked: true));
    }

    [Theory]
    [InlineData("+2")]
    [InlineData("-2")]
    [InlineData("two")]
    [InlineData("99999999999999999999")]
    public void Check_ContentLengthThatIsNoNumber_IsABrokenProtocol(string value)
    {
        using var response = new HttpResponseMessage { Content = new StreamContent(Stream.Null) };
        response.Content.Headers.TryAddWithoutValidation("Content-Length", value);

        Assert.NotNull(Check(response, isUpgradeAsked: false));
    }

    [Fact]
    public void Check_TwoContentLengths_IsABrokenProtocol()
    {
        using var response = new HttpResponseMessage { Content = new StreamContent(Stream.Null) };
        response.Content.Headers.TryAddWithoutValidation("Content-Length", ["2", "3"]);

        Assert.NotNull(Check(response, isUpgradeAsked: false));
    }

    [Fact]
    public void Check_LengthAndTransferEncoding_IsABrokenProtocol()
    {
        using var response = new HttpResponseMessage { Content = new StreamContent(Stream.Null) };
        response.Headers.TryAddWithoutValidation("Transfer-Encoding", "chunked");
        Assert.Null(Check(response, isUpgradeAsked: false));
        response.Content.Headers.TryAddWithoutValidation("Content-Length", "2");

        Assert.NotNull(Check(response, isUpgradeAsked: false));
    }

    [Theory]
    [InlineData("xchunked")]
    [InlineData("gzip, chunked")]
    public void Check_OtherTransferEncoding_IsABrokenProtocol(string value)
    {
        using var response = new HttpResponseMessage();
        response.Headers.TryAddWithoutValidation("Transfer-Encoding", value);

        Assert.NotNull(Check(response, isUpgradeAsked: false));
    }

    private static string? Check(HttpResponseMessage response, bool isUpgradeAsked)
    {
        var fields = new ResponseFields();
        fields.Read(response);
        return ResponseValidator.Check(response.StatusCode, fields, isUpgradeAsked);
    }
}
