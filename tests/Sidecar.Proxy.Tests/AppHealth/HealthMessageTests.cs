using System.Text;
using Sidecar.Proxy.AppHealth;

namespace Sidecar.Proxy.Tests.AppHealth;

public sealed class HealthMessageTests
{
    [Fact]
    public void WriteRequest_NoService_IsEmpty() => Assert.Empty(HealthMessage.WriteRequest(""));

    [Theory]
    [InlineData(3, "0A03")]
    [InlineData(127, "0A7F")]
    [InlineData(128, "0A8001")]
    [InlineData(300, "0AAC02")]
    public void WriteRequest_Service_HasTagLengthAndName(int length, string prefix)
    {
        var name = new string('s', length);

        Assert.Equal(prefix + Convert.ToHexString(Encoding.UTF8.GetBytes(name)), Convert.ToHexString(HealthMessage.WriteRequest(name)));
    }

    [Theory]
    [InlineData("", 0UL)]
    [InlineData("0801", 1UL)]
    [InlineData("0802", 2UL)]
    [InlineData("08FFFFFFFFFFFFFFFFFF01", ulong.MaxValue)]
    [InlineData("08020801", 1UL)]
    [InlineData("120261620801", 1UL)]
    [InlineData("19000000000000000008011500000000", 1UL)]
    public void ReadStatus_Message_IsRead(string hex, ulong status) => Assert.Equal(status, HealthMessage.ReadStatus(Convert.FromHexString(hex)));

    [Theory]
    [InlineData("08")]
    [InlineData("0880")]
    [InlineData("12056162")]
    [InlineData("12FFFFFFFFFFFFFFFFFF01")]
    [InlineData("1900")]
    [InlineData("1500")]
    [InlineData("0B")]
    [InlineData("80808080808080808080808001")]
    public void ReadStatus_NoSuchMessage_IsNull(string hex) => Assert.Null(HealthMessage.ReadStatus(Convert.FromHexString(hex)));
}
