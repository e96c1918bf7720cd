using System.Text.Json;

namespace Sidecar.TestKit.Network;

/// <summary>The JSON lines a proxy writes, collected as they come; conditions on them can be awaited.</summary>
public sealed class LogLines
{
    private readonly object _gate = new();
    private readonly List<string> _raw = [];
    private readonly List<JsonElement> _lines = [];
    private TaskCompletionSource _changed = New();
    private bool _isEnded;

    /// <summary>Lines that were no JSON object: after acceptance of the configuration there may be none.</summary>
    public IReadOnlyList<string> NotJson
    {
        get
        {
            lock (_gate)
            {
                return _raw.Where(line => !TryParse(line, out _)).ToArray();
            }
        }
    }

    /// <summary>The JSON lines so far.</summary>
    public IReadOnlyList<JsonElement> Lines
    {
        get
        {
            lock (_gate)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>Everything so far, for the message of a failed assertion.</summary>
    public string Text
    {
        get
        {
            lock (_gate)
            {
                return string.Join('\n', _raw);
            }
        }
    }

    /// <summary>Adds one line.</summary>
    public void Add(string line)
    {
        lock (_gate)
        {
            _raw.Add(line);
            if (TryParse(line, out var parsed))
            {
                _lines.Add(parsed);
            }

            Signal();
        }
    }

    /// <summary>No line will follow.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isEnded = true;
            Signal();
        }
    }

    /// <summary>The first line that fulfils the condition, now or later.</summary>
    public async Task<JsonElement> WaitForAsync(Func<JsonElement, bool> condition, string what) => (await WaitForAsync(condition, 1, what))[0];

    /// <summary>The lines that fulfil the condition, once there are so many.</summary>
    public async Task<IReadOnlyList<JsonElement>> WaitForAsync(Func<JsonElement, bool> condition, int count, string what)
    {
        var limit = Task.Delay(Patience.Limit);
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                var found = _lines.Where(condition).ToArray();
                if (found.Length >= count)
                {
                    return found;
                }

                if (_isEnded)
                {
                    throw new InvalidOperationException($"The log ended without: {what}. It says:\n{Text}");
                }

                changed = _changed.Task;
            }

            if (await Task.WhenAny(changed, limit) == limit)
            {
                throw new TimeoutException($"The log did not say: {what}. It says:\n{Text}");
            }
        }
    }

    /// <summary>The event line with this name, now or later.</summary>
    public Task<JsonElement> WaitForEventAsync(string name) => WaitForAsync(line => line.Event() == name, $"event {name}");

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static bool TryParse(string line, out JsonElement parsed)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            parsed = document.RootElement.Clone();
            return parsed.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            parsed = default;
            return false;
        }
    }

    private void Signal()
    {
        var changed = _changed;
        _changed = New();
        changed.SetResult();
    }
}

/// <summary>Short reads of a log line.</summary>
public static class LogLineExtensions
{
    /// <summary>The event's name; empty when the line has none.</summary>
    public static string Event(this JsonElement line) => line.Text("event");

    /// <summary>A member as text; empty when absent.</summary>
    public static string Text(this JsonElement line, string member) =>
        line.TryGetProperty(member, out var value) ? value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText() : "";

    /// <summary>A member as a number; -1 when absent.</summary>
    public static double Number(this JsonElement line, string member) =>
        line.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : -1;
}

/// <summary>A stream that turns what is written into lines: the standard output of a proxy in this process.</summary>
public sealed class LogLineStream(LogLines lines) : Stream
{
    private readonly MemoryStream _pending = new();

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        lock (_pending)
        {
            while (buffer.IndexOf((byte)'\n') is >= 0 and var end)
            {
                _pending.Write(buffer[..end]);
                lines.Add(System.Text.Encoding.UTF8.GetString(_pending.ToArray()));
                _pending.SetLength(0);
                buffer = buffer[(end + 1)..];
            }

            _pending.Write(buffer);
        }
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Write(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}
