using BenchmarkDotNet.Attributes;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Benchmarks.Workloads;

/// <summary>The line of a request, from its account to the buffer of the thread that writes it out.</summary>
public class AccessLine
{
    private readonly CountingStream _output = new();
    private LiveRoutes _live = null!;
    private RequestRecord _record = null!;

    /// <summary>Length of a line; known once lines have been written.</summary>
    public double BytesPerLine => _output.Bytes / (double)Math.Max(1, _live.Lines.WrittenLines);

    /// <summary>Share of the lines that found no room: nothing waits for the writer, and here lines come as fast as they can be made.</summary>
    public double LostRatio => _live.Lines.LostLines / (double)Math.Max(1, _live.Lines.LostLines + _live.Lines.WrittenLines);

    [GlobalSetup]
    public void Setup()
    {
        _live = new LiveRoutes("orders: { match: { path: '/{**rest}' }, cluster: up }", output: _output);
        _record = Requests.Ended(_live.Time, "orders");
    }

    /// <summary>Ends with everything written.</summary>
    [GlobalCleanup]
    public void Flush()
    {
        if (!_live.Lines.Flush(TimeSpan.FromSeconds(30)))
        {
            throw new TimeoutException("The lines were not written.");
        }
    }

    [Benchmark]
    public void Write() => _live.AccessLog.Write(_record, default, default);

    private sealed class CountingStream : Stream
    {
        public long Bytes { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => Bytes;

        public override long Position { get => Bytes; set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count) => Bytes += count;

        public override void Write(ReadOnlySpan<byte> buffer) => Bytes += buffer.Length;

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
