using System.Collections.Immutable;

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
        _first == other._first && _second == other._second && _third == other._third && _fourth == other._fourth
        && _fifth == other._fifth && _sixth == other._sixth && _seventh == other._seventh;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is MetricLabels other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        // Each step is a rotation and an exclusive or: the strings' own hashes are already well mixed.
        var hash = (uint)Hash(_first);
        hash = uint.RotateLeft(hash, 5) ^ (uint)Hash(_second);
        hash = uint.RotateLeft(hash, 5) ^ (uint)Hash(_third);
        hash = uint.RotateLeft(hash, 5) ^ (uint)Hash(_fourth);
        hash = uint.RotateLeft(hash, 5) ^ (uint)Hash(_fifth);
        hash = uint.RotateLeft(hash, 5) ^ (uint)Hash(_sixth);
        hash = uint.RotateLeft(hash, 5) ^ (uint)Hash(_seventh);
        return (int)hash;

        static int Hash(string value) => value.Length == 0 ? 0 : StringComparer.Ordinal.GetHashCode(value);
    }

    /// <summary>Same values.</summary>
    public static bool operator ==(MetricLabels left, MetricLabels right) => left.Equals(right);

    /// <summary>Other values.</summary>
    public static bool operator !=(MetricLabels left, MetricLabels right) => !left.Equals(right);

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
