using System.Collections.Immutable;

namespace Sidecar.Init.Options;

/// <summary>Consecutive TCP ports, both ends included.</summary>
public readonly record struct PortRange(int First, int Last)
{
    /// <summary>One port, or <c>first-last</c>.</summary>
    public override string ToString() => First == Last ? $"{First}" : $"{First}-{Last}";
}

/// <summary>TCP ports as ranges in order that neither overlap nor touch: nft refuses a set whose entries overlap.</summary>
public sealed class PortSet : IEquatable<PortSet>
{
    private const int Lowest = 1;
    private const int Highest = 65535;

    private PortSet(ImmutableArray<PortRange> ranges) => Ranges = ranges;

    /// <summary>No port.</summary>
    public static PortSet None { get; } = new([]);

    /// <summary>1 to 65535.</summary>
    public static PortSet All { get; } = new([new PortRange(Lowest, Highest)]);

    /// <summary>In order.</summary>
    public ImmutableArray<PortRange> Ranges { get; }

    /// <summary>The ports of these ranges.</summary>
    public static PortSet Of(params IEnumerable<PortRange> ranges)
    {
        var merged = ImmutableArray.CreateBuilder<PortRange>();
        foreach (var range in ranges.OrderBy(static range => range.First))
        {
            if (merged.Count > 0 && range.First <= merged[^1].Last + 1)
            {
                merged[^1] = merged[^1] with { Last = Math.Max(merged[^1].Last, range.Last) };
            }
            else
            {
                merged.Add(range);
            }
        }

        return new PortSet(merged.ToImmutable());
    }

    /// <summary>Reads <c>25,3000-3010</c>; every bad entry is refused with its reason.</summary>
    public static PortSet Parse(string text, Action<string> refuse)
    {
        var ranges = new List<PortRange>();
        foreach (var entry in ListText.Split(text, refuse))
        {
            var dash = entry.IndexOf('-', StringComparison.Ordinal);
            if (!TryReadPort(dash < 0 ? entry : entry.AsSpan(0, dash), out var first) || !TryReadPort(entry.AsSpan(dash + 1), out var last))
            {
                refuse($"{ListText.Quote(entry)} is not a port or a range such as 25 or 3000-3010 ({Lowest} to {Highest})");
            }
            else if (first > last)
            {
                refuse($"{ListText.Quote(entry)} is a range whose first port is above its last");
            }
            else
            {
                ranges.Add(new PortRange(first, last));
            }
        }

        return Of(ranges);
    }

    /// <summary>Reads a single port.</summary>
    public static bool TryReadPort(ReadOnlySpan<char> text, out int port)
    {
        var isPort = ListText.TryReadNumber(text, Highest, out var number) && number >= Lowest;
        port = (int)number;
        return isPort;
    }

    /// <summary>Is this port among them?</summary>
    public bool Contains(int port) => Ranges.Any(range => range.First <= port && port <= range.Last);

    /// <summary>Every other port from 0 on: 0 is no port to listen on, but a packet can carry it.</summary>
    public PortSet Complement()
    {
        var others = ImmutableArray.CreateBuilder<PortRange>();
        var next = 0;
        foreach (var range in Ranges)
        {
            if (next < range.First)
            {
                others.Add(new PortRange(next, range.First - 1));
            }

            next = range.Last + 1;
        }

        if (next <= Highest)
        {
            others.Add(new PortRange(next, Highest));
        }

        return new PortSet(others.ToImmutable());
    }

    /// <inheritdoc/>
    public bool Equals(PortSet? other) => other is not null && Ranges.AsSpan().SequenceEqual(other.Ranges.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PortSet);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>As it is written in an annotation.</summary>
    public override string ToString() => string.Join(',', Ranges);
}
