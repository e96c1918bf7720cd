using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.LoadGen.Wire;

namespace Sidecar.LoadGen.Tests.Wire;

public sealed class HttpResponseReaderTests
{
    private static readonly RequestImage Get = RequestImage.Http("GET", "bench", "/");

    public static TheoryData<string, int, long, bool> Answers => new()
    {
        { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, 5, true },
        { "HTTP/1.1 200\r\ncontent-length:0\r\n\r\n", 200, 0, true },
        { "HTTP/1.1 204 No Content\r\n\r\n", 204, 0, true },
        { "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", 304, 0, true },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, 5, true },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1;x=y\r\na\r\nA \r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n", 200, 11, true },
        { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, 1, true },
        { "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", 503, 2, false },
        { "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, 2, false },
        { "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", 101, 0, true },
        { "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 200, 3, true },
    };

    public static TheoryData<string, string> Refused => new()
    {
        { "HTTP/2 200 OK\r\n", "malformed status line" },
        { "HTTP/1.1 20 OK\r\n\r\n", "malformed status line" },
        { "HTTP/1.1 2000 OK\r\n\r\n", "malformed status line" },
        { "HTTP/1.1 999 OK\r\n\r\n", "malformed status line" },
        { "SSH-2.0-OpenSSH_9.2p1\r\n", "malformed status line" },
        { "HTTP/1.1 200 OK\n", "line without CR" },
        { "HTTP/1.1 200 OK\r\nno colon\r\n", "malformed header" },
        { "HTTP/1.1 200 OK\r\n: empty\r\n", "malformed header" },
        { "HTTP/1.1 200 OK\r\nA: 1\r\n folded: 2\r\n", "malformed header" },
        { "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n", "malformed header" },
        { "HTTP/1.1 200 OK\r\nX: a\0b\r\n", "control character" },
        { "HTTP/1.1 200 OK\r\nX: a\rb\r\n", "control character" },
        { "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n", "malformed content-length" },
        { "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n", "malformed content-length" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n", "malformed content-length" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n", "malformed content-length" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n", "malformed content-length" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n", "unknown transfer-encoding" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "unknown transfer-encoding" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "content-length with transfer-encoding" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "malformed chunk size" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "malformed chunk size" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "malformed chunk size" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n", "chunk longer than its size" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nnonsense\r\n", "malformed trailer" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void Feed_ByteByByte_ReadsTheSameAsAtOnce(string text, int status, long body, bool isReusable)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        foreach (var size in (int[])[bytes.Length, 1, 2, 3, 7])
        {
            var reader = Read(bytes, size, out var state, out var used);
            Assert.Equal((ReadState.Complete, bytes.Length), (state, used));
            Assert.Equal((status, body, isReusable), (reader.Status, reader.BodyBytes, reader.IsReusable));
        }
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void Feed_Hostile_SaysWhy(string text, string problem)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        foreach (var size in (int[])[bytes.Length, 1, 5])
        {
            var reader = Read(bytes, size, out var state, out _);
            Assert.Equal((ReadState.Failed, problem, false), (state, reader.Problem, reader.IsReusable));
        }
    }

    [Fact]
    public void Feed_MoreThanOneAnswer_UsesTheFirstOnly()
    {
        var first = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"u8.ToArray();
        var reader = new HttpResponseReader();
        reader.Begin(Get);
        Assert.Equal(ReadState.Complete, reader.Feed([.. first, .. first], out var used));
        Assert.Equal(first.Length, used);
    }

    [Fact]
    public void Feed_EndlessHeaders_StopsReading()
    {
        var reader = new HttpResponseReader();
        reader.Begin(Get);
        var state = reader.Feed("HTTP/1.1 200 OK\r\n"u8, out _);
        for (var i = 0; i < 10_000 && state == ReadState.NeedMore; i++)
        {
            state = reader.Feed("X: 0123456789012345678901234567890123456789\r\n"u8, out _);
        }

        Assert.Equal((ReadState.Failed, "header too large"), (state, reader.Problem));
    }

    [Fact]
    public void Feed_EndlessInterimAnswers_StopsReading()
    {
        var reader = new HttpResponseReader();
        reader.Begin(Get);
        var state = ReadState.NeedMore;
        for (var i = 0; i < 100 && state == ReadState.NeedMore; i++)
        {
            state = reader.Feed("HTTP/1.1 100 Continue\r\n\r\n"u8, out _);
        }

        Assert.Equal((ReadState.Failed, "too many interim answers"), (state, reader.Problem));
    }

    [Fact]
    public void End_WithoutLength_CompletesTheBody()
    {
        var reader = new HttpResponseReader();
        reader.Begin(Get);
        Assert.Equal(ReadState.NeedMore, reader.Feed("HTTP/1.1 200 OK\r\n\r\nall of it"u8, out _));
        Assert.Equal((ReadState.Complete, 9L, false), (reader.End(), reader.BodyBytes, reader.IsReusable));
    }

    [Fact]
    public void End_WithinAnAnswer_Fails()
    {
        var reader = new HttpResponseReader();
        reader.Begin(Get);
        reader.Feed("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart"u8, out _);
        Assert.Equal((ReadState.Failed, "closed within an answer"), (reader.End(), reader.Problem));
    }

    [Fact]
    public void Feed_AnswerToHead_HasNoBody()
    {
        var reader = new HttpResponseReader();
        reader.Begin(RequestImage.Http("HEAD", "bench", "/"));
        Assert.Equal(ReadState.Complete, reader.Feed("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"u8, out _));
    }

    [Fact]
    public void Feed_AnyBytesInAnyPieces_GivesOneResultAndNeverThrows()
    {
        // Pieces of real answers in any order get further than random bytes would.
        string[] parts =
        [
            "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "\r\n", "3\r\n", "abc", "0\r\n",
            "\r", "\n", ":", "\0", "ffff\r\n", "Connection: close\r\n", " ",
        ];
        var texts = Gen.Choose(0, parts.Length - 1).ListOf().Select(indexes => string.Concat(indexes.Select(i => parts[i]))).ToArbitrary();
        Prop.ForAll(texts, Gen.Choose(1, 9).ToArbitrary(), (text, size) =>
        {
            var bytes = Encoding.Latin1.GetBytes(text);
            var whole = Read(bytes, Math.Max(1, bytes.Length), out var expected, out var used);
            var pieces = Read(bytes, size, out var actual, out var usedInPieces);
            Assert.Equal((expected, used, whole.Status, whole.BodyBytes, whole.Problem), (actual, usedInPieces, pieces.Status, pieces.BodyBytes, pieces.Problem));
        }).QuickCheckThrowOnFailure();
    }

    private static HttpResponseReader Read(byte[] bytes, int size, out ReadState state, out int used)
    {
        var reader = new HttpResponseReader();
        reader.Begin(Get);
        (state, used) = (ReadState.NeedMore, 0);
        for (var at = 0; at < bytes.Length && state == ReadState.NeedMore; at += size)
        {
            state = reader.Feed(bytes.AsSpan(at, Math.Min(size, bytes.Length - at)), out var more);
            used += more;
        }

        return reader;
    }
}
