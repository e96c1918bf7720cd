using System.Collections.Immutable;
using System.Globalization;

namespace Sidecar.Injector.Injection;

/// <summary>A place in a JSON document (RFC 6901).</summary>
public sealed class JsonPointer : IEquatable<JsonPointer>
{
    private JsonPointer(ImmutableArray<string> segments) => Segments = segments;

    /// <summary>The whole document.</summary>
    public static JsonPointer Root { get; } = new([]);

    /// <summary>Keys and indexes, unescaped; <c>-</c> is behind the last item.</summary>
    public ImmutableArray<string> Segments { get; }

    /// <summary>The place of these keys.</summary>
    public static JsonPointer Of(params ReadOnlySpan<string> segments) => new([.. segments]);

    /// <summary>Below this place.</summary>
    public JsonPointer Add(string key) => new(Segments.Add(key));

    /// <summary>An item of the array at this place.</summary>
    public JsonPointer Add(int index) => Add(index.ToString(CultureInfo.InvariantCulture));

    /// <summary>The other place, seen from this one.</summary>
    public JsonPointer Join(JsonPointer other) => new(Segments.AddRange(other.Segments));

    /// <inheritdoc/>
    public bool Equals(JsonPointer? other) => other is not null && Segments.AsSpan().SequenceEqual(other.Segments.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as JsonPointer);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>As RFC 6901 writes it: <c>~</c> is <c>~0</c> and <c>/</c> is <c>~1</c>, in this order.</summary>
    public override string ToString() => string.Concat(Segments.Select(static segment =>
        $"/{segment.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}"));
}
