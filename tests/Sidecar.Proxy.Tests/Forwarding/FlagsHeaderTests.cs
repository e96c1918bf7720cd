using Sidecar.Contract;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Forwarding;

namespace Sidecar.Proxy.Tests.Forwarding;

public class FlagsHeaderTests
{
    [Theory]
    [InlineData("CB", "CB")]
    [InlineData("URX,UT", "URX,UT")]
    [InlineData(" RB , UF ", "RB,UF")]
    [InlineData("??,CB,", "CB")]
    [InlineData("", "")]
    public void Read_FlagsOfAnotherSidecar_KeepTheirOrder(string header, string expected)
    {
        using var response = new HttpResponseMessage();
        response.Headers.TryAddWithoutValidation(HeaderNames.Flags, header);

        Assert.Equal(expected, Read(response).ToString());
    }

    [Fact]
    public void Read_LongerThanAnySidecarWrites_IsIgnored()
    {
        using var response = new HttpResponseMessage();
        response.Headers.TryAddWithoutValidation(HeaderNames.Flags, string.Join(',', Enumerable.Repeat("CB", 100)));

        Assert.True(Read(response).IsEmpty);
    }

    [Fact]
    public void Remove_OneOfSeveral_KeepsTheOrderOfTheOthers()
    {
        var flags = default(ErrorFlags);
        flags.Add(ProxyError.CallerGone);
        flags.Add(ProxyError.RequestTimeout);
        flags.Add(ProxyError.RetryLimitExceeded);

        flags.Remove(ProxyError.CallerGone);

        Assert.Equal("URX,UT", flags.ToString());
    }

    private static ErrorFlags Read(HttpResponseMessage response)
    {
        var fields = new ResponseFields();
        fields.Read(response);
        return FlagsHeader.Read(fields);
    }
}
