using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// The label values of one series, in the order of <see cref="InstrumentDefinition.Labels"/>. Empty is absent. A value on
/// the stack: looking a series up allocates nothing.
/// </summary>
public readonly struct MetricLabels(
    string first = "",
    string second = "",
    string third = "",
    string fourth = "",
    string fifth = "",
    string sixth = "",
    string seventh = "") : IEquatable<MetricLabels>
{
    private readonly string _first = first, _second = second, _third = third, _fourth = fourth, _fifth = fifth, _sixth = sixth, _seventh = seventh;

    /// <summary>The value at a place.</summary>
    public string this[int index] => index switch
    {
        0 => _first,
        1 => _second,
        2 => _third,
        3 => _fourth,
        4 => _fifth,
        5 => _sixth,
        _ => _seventh,
    };

    /// <inheritdoc/>
    public bool Equals(MetricLabels other) =>
        Same(_first, other._first) && Same(_second, other._second) && Same(_third, other._third) && Same(_fourth, other._fourth)
        && Same(_fifth, other._fifth) && Same(_sixth, other._sixth) && Same(_seventh, other._seventh);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is MetricLabels other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        // No seed: values come from the configuration and from closed sets, nobody outside can choose them to collide.
        var hash = Mix(0, _first);
        hash = Mix(hash, _second);
        hash = Mix(hash, _third);
        hash = Mix(hash, _fourth);
        hash = Mix(hash, _fifth);
        hash = Mix(hash, _sixth);
        hash = Mix(hash, _seventh);
        return (int)(hash >> 32);
    }

    /// <summary>Same values.</summary>
    public static bool operator ==(MetricLabels left, MetricLabels right) => left.Equals(right);

    /// <summary>Other values.</summary>
    public static bool operator !=(MetricLabels left, MetricLabels right) => !left.Equals(right);

    // Mostly they are the very same objects: of the configuration, or of a closed set.
    private static bool Same(string left, string right) => ReferenceEquals(left, right) || left == right;

    // Four characters at a time, the last four again with those before where the length is no multiple.
    private static ulong Mix(ulong hash, string value)
    {
        var bytes = MemoryMarshal.AsBytes(value.AsSpan());
        ulong last = 0;
        if (bytes.Length >= sizeof(ulong))
        {
            for (var rest = bytes; rest.Length > sizeof(ulong); rest = rest[sizeof(ulong)..])
            {
                hash = Step(hash, MemoryMarshal.Read<ulong>(rest));
            }

            last = MemoryMarshal.Read<ulong>(bytes[^sizeof(ulong)..]);
        }
        else
        {
            foreach (var character in value)
            {
                last = (last << 16) | character;
            }
        }

        // The length keeps one value's end from being the next one's beginning.
        return Step(hash, last ^ ((ulong)value.Length << 56));
    }

    // FNV-1a's, with a rotation, since a multiplication moves bits up only.
    private static ulong Step(ulong hash, ulong piece) => ulong.RotateLeft((hash ^ piece) * 0x9E3779B97F4A7C15, 29);

    /// <summary>The values that are present, with their names, as OpenTelemetry wants them. Allocates: done once per series.</summary>
    internal KeyValuePair<string, object?>[] ToTags(ImmutableArray<string> names)
    {
        var tags = new List<KeyValuePair<string, object?>>(names.Length);
        for (var i = 0; i < names.Length; i++)
        {
            if (this[i].Length > 0)
            {
                // Semantic conventions want the status as a number.
                tags.Add(new(names[i], names[i] == "http.response.status_code" ? int.Parse(this[i]) : this[i]));
            }
        }

        return [.. tags];
    }
}
