using System.Text;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Tests.Kubernetes;

public class WatchStreamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public async Task ReadLine_LinesInPieces_GivesEachWhole(int piece)
    {
        var large = new string('x', 70_000);
        using var stream = new WatchStream(new MemoryStream(), new PieceStream(Encoding.UTF8.GetBytes($"one\n\n{large}\nlast\nhalf"), piece));

        var lines = new List<string>();
        while (await stream.ReadLineAsync(CancellationToken.None) is { } line)
        {
            lines.Add(Encoding.UTF8.GetString(line.Span));
        }

        Assert.Equal(["one", "", large, "last"], lines);
    }

    [Fact]
    public async Task ReadLine_EndlessLine_EndsAtTheBound()
    {
        var endless = new EndlessStream();
        using var stream = new WatchStream(new MemoryStream(), endless);

        await Assert.ThrowsAsync<ApiException>(async () => await stream.ReadLineAsync(CancellationToken.None));

        Assert.InRange(endless.Given, WatchStream.MaxLineBytes, WatchStream.MaxLineBytes * 2);
    }

    [Fact]
    public async Task ReadLine_ConnectionBreaks_SaysSo()
    {
        using var stream = new WatchStream(new MemoryStream(), new BrokenStream());

        await Assert.ThrowsAsync<ApiException>(async () => await stream.ReadLineAsync(CancellationToken.None));
    }

    private sealed class PieceStream(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(piece, buffer.Length)], cancellationToken);
    }

    private sealed class EndlessStream : MemoryStream
    {
        public long Given { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer.Span.Fill((byte)'x');
            Given += buffer.Length;
            return new(buffer.Length);
        }
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("reset");
    }
}
