using System.Text;

namespace Sidecar.Proxy.Tests.Telemetry;

/// <summary>A stdout that can be blocked, and can fail after taking part of the bytes.</summary>
internal sealed class ControlledStream : Stream
{
    private readonly MemoryStream _taken = new();
    private readonly ManualResetEventSlim _open = new(initialState: true);
    private readonly ManualResetEventSlim _blocked = new();

    public Exception? Failure { get; set; }

    /// <summary>Bytes that a failing write takes before it fails.</summary>
    public int PartialBytes { get; set; }

    public string Text
    {
        get
        {
            lock (_taken)
            {
                return Encoding.UTF8.GetString(_taken.ToArray());
            }
        }
    }

    public string[] Lines => Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public void Block() => _open.Reset();

    public void Unblock() => _open.Set();

    /// <summary>Waits until a write is stuck.</summary>
    public void WaitUntilBlocked() => Assert.True(_blocked.Wait(TimeSpan.FromSeconds(30)));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (!_open.IsSet)
        {
            _blocked.Set();
            _open.Wait();
        }

        lock (_taken)
        {
            if (Failure is { } failure)
            {
                _taken.Write(buffer[..Math.Min(PartialBytes, buffer.Length)]);
                throw failure;
            }

            _taken.Write(buffer);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
