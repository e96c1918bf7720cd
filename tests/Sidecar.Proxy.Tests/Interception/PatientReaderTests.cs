using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Sidecar.Proxy.Interception;

namespace Sidecar.Proxy.Tests.Interception;

public class PatientReaderTests
{
    private readonly Pipe _pipe = new();
    private readonly PatientReader _reader;

    public PatientReaderTests() => _reader = new PatientReader(new Duplex(_pipe));

    [Fact]
    public async Task ReadAsync_BytesTogetherWithTheEnd_TellsTheEndAfterThem()
    {
        await WriteAsync("request", isEnd: true);

        Assert.Equal(("request", false), await ReadAsync(consumed: 7));
        Assert.Equal(("", true), await ReadAsync(consumed: 0));
    }

    [Fact]
    public async Task ReadAsync_TwoRequestsTogetherWithTheEnd_TellsTheEndAfterBoth()
    {
        await WriteAsync("onetwo", isEnd: true);

        Assert.Equal(("onetwo", false), await ReadAsync(consumed: 3));
        Assert.Equal(("two", false), await ReadAsync(consumed: 3));
        Assert.Equal(("", true), await ReadAsync(consumed: 0));
    }

    // A request that is cut: whoever has looked at everything and wants more is told that no more comes.
    [Fact]
    public async Task ReadAsync_EverythingSeenAndMoreWanted_TellsTheEnd()
    {
        await WriteAsync("requ", isEnd: true);

        Assert.Equal(("requ", false), await ReadAsync(consumed: 0));
        Assert.Equal(("requ", true), await ReadAsync(consumed: 4));
    }

    [Fact]
    public async Task TryRead_BytesTogetherWithTheEnd_TellsTheEndAfterThem()
    {
        await WriteAsync("request", isEnd: true);

        Assert.True(_reader.TryRead(out var result));
        Assert.False(result.IsCompleted);
        _reader.AdvanceTo(result.Buffer.End);
        Assert.True(_reader.TryRead(out result));
        Assert.True(result.IsCompleted);
    }

    [Fact]
    public async Task ReadAsync_ReaderWaits_GetsTheBytesAndThenTheEnd()
    {
        var waiting = ReadAsync(consumed: 2);
        await WriteAsync("ab", isEnd: false);
        Assert.Equal(("ab", false), await waiting);

        var end = ReadAsync(consumed: 0);
        await WriteAsync("", isEnd: true);
        Assert.Equal(("", true), await end);
    }

    [Fact]
    public async Task ReadAsync_Reset_Throws()
    {
        await _pipe.Writer.CompleteAsync(new IOException("reset"));

        await Assert.ThrowsAsync<IOException>(async () => await _reader.ReadAsync());
    }

    private async Task WriteAsync(string text, bool isEnd)
    {
        await _pipe.Writer.WriteAsync(Encoding.Latin1.GetBytes(text));
        if (isEnd)
        {
            await _pipe.Writer.CompleteAsync();
        }
    }

    // As a parser does: takes some, has looked at all when it could take nothing, else as far as it took.
    private async Task<(string Text, bool IsEnd)> ReadAsync(int consumed)
    {
        var result = await _reader.ReadAsync();
        var taken = result.Buffer.GetPosition(consumed);
        var text = Encoding.Latin1.GetString(result.Buffer.ToArray());
        _reader.AdvanceTo(taken, consumed == 0 ? result.Buffer.End : taken);
        return (text, result.IsCompleted);
    }

    private sealed class Duplex(Pipe pipe) : IDuplexPipe
    {
        public PipeReader Input => pipe.Reader;

        public PipeWriter Output => pipe.Writer;
    }
}
