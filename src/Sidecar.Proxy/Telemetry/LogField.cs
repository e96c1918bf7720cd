namespace Sidecar.Proxy.Telemetry;

/// <summary>What a field holds.</summary>
internal enum LogFieldKind : byte
{
    /// <summary>Text; null or empty leaves the field out.</summary>
    Text,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>Any number.</summary>
    Real,

    /// <summary>true or false.</summary>
    Boolean,

    /// <summary>A duration, written in milliseconds with three decimals.</summary>
    Duration,
}

/// <summary>
/// One name and value of a log line; made from a pair: <c>("route", id)</c>. Names are ours and need no escaping; values may be
/// hostile. A text that is null or empty leaves the field out. Durations are written in milliseconds: name them <c>…Ms</c>.
/// </summary>
public readonly struct LogField
{
    internal readonly string Name;
    internal readonly string? Text;
    internal readonly long Bits;
    internal readonly LogFieldKind Kind;

    private LogField(string name, LogFieldKind kind, string? text, long bits)
    {
        Name = name;
        Kind = kind;
        Text = text;
        Bits = bits;
    }

    /// <summary>A text; empty or null is left out.</summary>
    public static implicit operator LogField((string Name, string? Value) pair) => new(pair.Name, LogFieldKind.Text, pair.Value, 0);

    /// <summary>A whole number.</summary>
    public static implicit operator LogField((string Name, long Value) pair) => new(pair.Name, LogFieldKind.Integer, null, pair.Value);

    /// <summary>A whole number.</summary>
    public static implicit operator LogField((string Name, int Value) pair) => new(pair.Name, LogFieldKind.Integer, null, pair.Value);

    /// <summary>Any number.</summary>
    public static implicit operator LogField((string Name, double Value) pair) =>
        new(pair.Name, LogFieldKind.Real, null, BitConverter.DoubleToInt64Bits(pair.Value));

    /// <summary>true or false.</summary>
    public static implicit operator LogField((string Name, bool Value) pair) => new(pair.Name, LogFieldKind.Boolean, null, pair.Value ? 1 : 0);

    /// <summary>A duration, in milliseconds.</summary>
    public static implicit operator LogField((string Name, TimeSpan Value) pair) => new(pair.Name, LogFieldKind.Duration, null, pair.Value.Ticks);

    /// <summary>Is it left out?</summary>
    internal bool IsAbsent => Kind == LogFieldKind.Text && string.IsNullOrEmpty(Text);
}
