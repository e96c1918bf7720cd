using Sidecar.LoadGen.Wire;

namespace Sidecar.LoadGen.Tests.Wire;

public sealed class WebSocketReaderTests
{
    private static readonly RequestImage Handshake = RequestImage.WebSocketHandshake("bench", "/");

    public static TheoryData<byte[], long> Messages => new()
    {
        { [0x82, 3, 1, 2, 3], 3 },
        { [0x81, 0], 0 },
        { [0x82, 126, 1, 0, .. new byte[256]], 256 },
        { [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0, .. new byte[65536]], 65536 },
        { [0x02, 2, 1, 2, 0x80, 1, 3], 3 },                  // two fragments
        { [0x02, 1, 1, 0x89, 2, 9, 9, 0x80, 1, 3], 2 },      // a ping between them
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public void Feed_Message_CompletesHoweverItIsCut(byte[] bytes, long body)
    {
        foreach (var size in (int[])[bytes.Length, 1, 3])
        {
            var reader = Open();
            var state = ReadState.NeedMore;
            for (var at = 0; at < bytes.Length; at += size)
            {
                Assert.Equal(ReadState.NeedMore, state);
                state = reader.Feed(bytes.AsSpan(at, Math.Min(size, bytes.Length - at)), out _);
            }

            Assert.Equal((ReadState.Complete, body, true), (state, reader.BodyBytes, reader.IsReusable));
        }
    }

    [Theory]
    [InlineData(new byte[] { 0x88, 0 }, "WebSocket closed")]
    [InlineData(new byte[] { 0x82, 0x81, 0, 0, 0, 0, 0 }, "malformed frame")]
    [InlineData(new byte[] { 0xC2, 0 }, "malformed frame")]
    [InlineData(new byte[] { 0x82, 127, 255, 0, 0, 0, 0, 0, 0, 0 }, "malformed frame")]
    public void Feed_NoMessage_SaysWhy(byte[] bytes, string problem)
    {
        var reader = Open();
        Assert.Equal((ReadState.Failed, problem, false), (reader.Feed(bytes, out _), reader.Problem, reader.IsReusable));
    }

    [Fact]
    public void Feed_HandshakeRefused_KeepsItsStatus()
    {
        var reader = new WebSocketReader();
        reader.Begin(Handshake);
        Assert.Equal(ReadState.Complete, reader.Feed("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"u8, out _));
        Assert.Equal((404, false), (reader.Status, reader.IsReusable));
    }

    private static WebSocketReader Open()
    {
        var reader = new WebSocketReader();
        reader.Begin(Handshake);
        Assert.Equal(ReadState.Complete, reader.Feed("HTTP/1.1 101 Switching Protocols\r\n\r\n"u8, out _));
        reader.Begin(RequestImage.WebSocketMessage(3));
        return reader;
    }
}
