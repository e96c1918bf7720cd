using System.Text;
using Sidecar.Proxy.Interception;

namespace Sidecar.Proxy.Tests.Interception;

public class ProtocolDetectorTests
{
    [Theory]
    [InlineData("", DetectedProtocol.Undecided)]
    [InlineData("P", DetectedProtocol.Undecided)]
    [InlineData("PRI", DetectedProtocol.Undecided)]
    [InlineData("PRI ", DetectedProtocol.Http2)]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", DetectedProtocol.Http2)]
    [InlineData("G", DetectedProtocol.Http1)]
    [InlineData("POST / HTTP/1.1", DetectedProtocol.Http1)]
    [InlineData("PR", DetectedProtocol.Undecided)]
    [InlineData("PRx", DetectedProtocol.Http1)]
    [InlineData("PRIX", DetectedProtocol.Http1)]
    [InlineData("pri ", DetectedProtocol.Http1)]
    [InlineData("\u0016\u0003\u0001", DetectedProtocol.Http1)]
    public void Detect_FirstBytes_DecidesAsEarlyAsPossible(string bytes, DetectedProtocol expected) =>
        Assert.Equal(expected, ProtocolDetector.Detect(Encoding.Latin1.GetBytes(bytes)));

    [Fact]
    public void Detect_MoreBytes_NeverChangesADecision()
    {
        foreach (var text in new[] { "PRI * HTTP/2.0\r\n", "PUT / HTTP/1.1\r\n", "PROPFIND / HTTP/1.1\r\n", "GET / HTTP/1.1\r\n" })
        {
            var bytes = Encoding.Latin1.GetBytes(text);
            var decided = DetectedProtocol.Undecided;
            for (var length = 0; length <= bytes.Length; length++)
            {
                var now = ProtocolDetector.Detect(bytes.AsSpan(0, length));
                if (decided != DetectedProtocol.Undecided)
                {
                    Assert.Equal(decided, now);
                }

                decided = now;
            }

            Assert.NotEqual(DetectedProtocol.Undecided, decided);
        }
    }
}
