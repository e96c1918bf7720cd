using System.Buffers;
using System.Text.Json;
using System.Threading.Channels;
using Sidecar.Configuration.Effective;

namespace Sidecar.Injector.Telemetry;

/// <summary>
/// JSON lines of one schema: <c>ts</c>, <c>level</c>, <c>event</c>, then fields. A reader that does not read costs lines, never an admission:
/// they wait in a bounded queue, and what does not fit is counted.
/// </summary>
public sealed class EventLog : IAsyncDisposable
{
    private const int LongestText = 1024;
    private const int Capacity = 1024;

    private readonly Channel<byte[]> _lines = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly TimeProvider _time;
    private readonly Task _writing;
    private long _lost;

    /// <param name="output">Where lines go.</param>
    /// <param name="time">Their clock.</param>
    public EventLog(Stream output, TimeProvider time)
    {
        _time = time;
        _writing = Task.Run(() => WriteAsync(output));
    }

    /// <summary>Lines that found no room, or no stream.</summary>
    public long LostLines => Interlocked.Read(ref _lost);

    /// <summary>Writes a line; a field without a value is left out.</summary>
    public void Write(LogSeverity level, string name, params ReadOnlySpan<(string Name, string? Value)> fields)
    {
        if (!_lines.Writer.TryWrite(Format(_time.GetUtcNow(), level, name, fields)))
        {
            Interlocked.Increment(ref _lost);
        }
    }

    /// <summary>Writes what is waiting, for at most a second.</summary>
    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        await _writing.WaitAsync(TimeSpan.FromSeconds(1), _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static byte[] Format(DateTimeOffset now, LogSeverity level, string name, ReadOnlySpan<(string Name, string? Value)> fields)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("ts", now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'"));
            json.WriteString("level", level switch
            {
                LogSeverity.Debug => "debug",
                LogSeverity.Info => "info",
                LogSeverity.Warn => "warn",
                _ => "error",
            });
            json.WriteString("event", name);
            foreach (var (field, value) in fields)
            {
                if (!string.IsNullOrEmpty(value))
                {
                    json.WriteString(field, value.Length > LongestText ? $"{value[..LongestText]}..." : value);
                }
            }

            json.WriteEndObject();
        }

        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    private async Task WriteAsync(Stream output)
    {
        var told = 0L;
        await foreach (var line in _lines.Reader.ReadAllAsync())
        {
            try
            {
                await output.WriteAsync(line);
                if (LostLines is var lost && lost > told)
                {
                    await output.WriteAsync(Format(_time.GetUtcNow(), LogSeverity.Warn, InjectorEvents.LogLinesLost, [("count", $"{lost - told}")]));
                    told = lost;
                }

                await output.FlushAsync();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or NotSupportedException)
            {
                Interlocked.Increment(ref _lost);
            }
        }
    }
}
