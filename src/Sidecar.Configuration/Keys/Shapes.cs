namespace Sidecar.Configuration.Keys;

/// <summary>Shapes that many keys share.</summary>
internal static class Shapes
{
    /// <summary>A duration of at least a millisecond.</summary>
    public static readonly DurationShape Duration = new(TimeSpan.FromMilliseconds(1));

    /// <summary>A duration that may be <c>0ms</c>.</summary>
    public static readonly DurationShape DurationOrZero = new(TimeSpan.Zero);

    /// <summary>A duration, or off.</summary>
    public static readonly OffOrShape<TimeSpan> DurationOrOff = new(Duration);

    /// <summary>A share, 0–1.</summary>
    public static readonly NumberShape Ratio = new(0, 1);

    /// <summary>A share, or off.</summary>
    public static readonly OffOrShape<double> RatioOrOff = new(Ratio);

    /// <summary>A TCP port.</summary>
    public static readonly IntegerShape Port = new(1, 65535);

    /// <summary>A TCP port to listen on; 0 lets the system choose one.</summary>
    public static readonly IntegerShape ListenPort = new(0, 65535);

    /// <summary>A count that is at least one; the bound keeps sums of them far from overflow.</summary>
    public static readonly IntegerShape Count = new(1, 1_000_000);

    /// <summary>A size of anything that is held in memory.</summary>
    public static SizeShape Size(long min, long max) => new(min, max);

    /// <summary>The id of something that is defined elsewhere in the document.</summary>
    public static TextShape Reference(string noun) =>
        new($"the id of a {noun}", text => MapShape<string>.IsId(text) ? text : null, $"^{MapShape<string>.IdPattern}$");
}
