namespace Sidecar.Proxy.Commands;

/// <summary>
/// The process's standard streams, also when whoever started it closed them: a proxy must not die of a missing output.
/// Lines that cannot be written are lost and counted, as with a full disk.
/// </summary>
public static class StandardStreams
{
    /// <summary>Standard output as bytes.</summary>
    public static Stream Output()
    {
        try
        {
            return Console.OpenStandardOutput();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new ClosedOutput();
        }
    }

    /// <summary>Standard output as text.</summary>
    public static TextWriter OutputText() => Text(static () => Console.Out);

    /// <summary>Standard error as text.</summary>
    public static TextWriter ErrorText() => Text(static () => Console.Error);

    /// <summary>Standard input as bytes.</summary>
    public static Stream Input()
    {
        try
        {
            return Console.OpenStandardInput();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Stream.Null;
        }
    }

    private static TextWriter Text(Func<TextWriter> open)
    {
        try
        {
            return open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TypeInitializationException)
        {
            return TextWriter.Null;
        }
    }

    /// <summary>Refuses every byte, so that the log counts what is lost.</summary>
    private sealed class ClosedOutput : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("Standard output is closed.");
    }
}
