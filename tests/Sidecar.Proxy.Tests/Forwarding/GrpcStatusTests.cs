using Sidecar.Proxy.Forwarding;

namespace Sidecar.Proxy.Tests.Forwarding;

public class GrpcStatusTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("14", 14)]
    [InlineData("17", -1)]
    [InlineData("-1", -1)]
    [InlineData("x", -1)]
    public void Read_Field_OnlyNumbersOfGrpc(string value, int expected)
    {
        using var response = new HttpResponseMessage();
        response.Headers.TryAddWithoutValidation("grpc-status", value);

        Assert.Equal(expected, GrpcStatus.Read(response.Headers));
    }

    [Fact]
    public async Task PeekAsync_NoMessage_IsTheStatusInTheTrailers()
    {
        using var response = new HttpResponseMessage { Content = new ByteArrayContent([]) };
        response.TrailingHeaders.TryAddWithoutValidation("grpc-status", "14");

        Assert.Equal(14, await GrpcStatus.PeekAsync(response, default));
        Assert.Equal(0, await response.Content.ReadAsStream().ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task PeekAsync_AMessage_IsPutTogetherAgain()
    {
        byte[] message = [0, 0, 0, 0, 2, 8, 1];
        using var response = new HttpResponseMessage { Content = new ByteArrayContent(message) };
        response.Content.Headers.TryAddWithoutValidation("Content-Type", "application/grpc");

        Assert.Equal(GrpcStatus.Unknown, await GrpcStatus.PeekAsync(response, default));

        Assert.Equal("application/grpc", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(message, await response.Content.ReadAsByteArrayAsync());
    }
}
