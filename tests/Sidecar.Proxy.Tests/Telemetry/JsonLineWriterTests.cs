using System.Text;
using System.Text.Json;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Tests.Telemetry;

public sealed class JsonLineWriterTests : IDisposable
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(30);

    private readonly ControlledStream _stream = new();
    private readonly JsonLineWriter _writer;
    private long _lost;

    public JsonLineWriterTests() =>
        _writer = new JsonLineWriter(_stream, new TelemetryClock(), capacityBytes: 100, linger: TimeSpan.Zero) { Lost = count => Interlocked.Add(ref _lost, count) };

    public void Dispose()
    {
        _stream.Unblock();
        _writer.Dispose();
    }

    [Fact]
    public void TryWrite_ManyThreads_EveryLineArrivesWholeOrIsCounted()
    {
        const int Threads = 4, PerThread = 2_000;

        Parallel.For(0, Threads, thread =>
        {
            for (var i = 0; i < PerThread; i++)
            {
                _writer.TryWrite(Line($"{thread}-{i}"));
            }
        });

        Assert.True(_writer.Flush(Enough));
        var lines = Values(_stream.Lines).ToList();
        Assert.Equal(lines.Count, lines.Distinct().Count());
        Assert.Equal(lines.Count, _writer.WrittenLines);
        Assert.Equal(Threads * PerThread, _writer.WrittenLines + _writer.LostLines);
        Assert.Equal(_writer.LostLines, _lost);
    }

    [Fact]
    public void TryWrite_AfterQuiet_TheWriterWakesUp()
    {
        using var writer = new JsonLineWriter(_stream, new TelemetryClock(), capacityBytes: 100, linger: TimeSpan.FromMilliseconds(1));

        // Without Flush, which would wake it up; the pauses are shorter and longer than it stays awake.
        for (var pause = 1; pause <= 256; pause *= 2)
        {
            var written = writer.WrittenLines;
            Assert.True(writer.TryWrite(Line($"{pause}")));
            Assert.True(SpinWait.SpinUntil(() => writer.WrittenLines > written, Enough), $"after {pause} ms");
            Thread.Sleep(pause);
        }
    }

    [Fact]
    public void TryWrite_StdoutBlocked_NeverWaitsAndCountsWhatItDrops()
    {
        _stream.Block();
        Assert.True(_writer.TryWrite(Line("first")));
        _stream.WaitUntilBlocked();

        var taken = 0;
        for (var i = 0; i < 100; i++)
        {
            taken += _writer.TryWrite(Line($"{i}")) ? 1 : 0;
        }

        Assert.InRange(taken, 1, 20);
        Assert.Equal(100 - taken, _writer.LostLines);
        Assert.False(_writer.Flush(TimeSpan.FromMilliseconds(1)));

        _stream.Unblock();
        Assert.True(_writer.Flush(Enough));
        Assert.Equal(taken + 1, _writer.WrittenLines);
        var report = _stream.Lines.Select(static line => JsonDocument.Parse(line).RootElement).Where(static line => line.TryGetProperty("event", out _)).ToList();
        Assert.Equal(100 - taken, report.Sum(static line => line.GetProperty("count").GetInt64()));
        Assert.All(report, static line => Assert.Equal("log-lines-lost", line.GetProperty("event").GetString()));
        Assert.Equal(_writer.LostLines, _lost);
    }

    [Fact]
    public void TryWrite_DiskFull_CountsAndRecoversOnAFreshLine()
    {
        _stream.Failure = new IOException("No space left on device");
        _stream.PartialBytes = 5;
        Assert.True(_writer.TryWrite(Line("lost")));
        Assert.True(_writer.Flush(Enough));
        Assert.Equal(1, _writer.LostLines);

        _stream.Failure = null;
        Assert.True(_writer.TryWrite(Line("kept")));
        Assert.True(_writer.Flush(Enough));

        Assert.Equal(1, _writer.WrittenLines);
        Assert.Equal(3, _stream.Lines.Length);
        Assert.Contains("\"kept\"", _stream.Lines[1], StringComparison.Ordinal);
        Assert.Equal(1, JsonDocument.Parse(_stream.Lines[2]).RootElement.GetProperty("count").GetInt64());
    }

    [Fact]
    public void TryWrite_AfterDispose_IsLost()
    {
        _writer.Dispose();

        Assert.False(_writer.TryWrite(Line("late")));
        Assert.Equal(1, _writer.LostLines);
    }

    [Fact]
    public void TryWrite_LongerThanTheBuffer_IsLost()
    {
        Assert.False(_writer.TryWrite(Line(new string('x', 200))));
        Assert.True(_writer.TryWrite(Line("short")));
        Assert.True(_writer.Flush(Enough));

        Assert.Equal(1, _writer.WrittenLines);
    }

    private static byte[] Line(string value) => Encoding.UTF8.GetBytes($"{{\"v\":\"{value}\"}}\n");

    private static IEnumerable<string> Values(IEnumerable<string> lines) =>
        from line in lines
        let json = JsonDocument.Parse(line).RootElement
        where json.TryGetProperty("v", out _)
        select json.GetProperty("v").GetString();
}
