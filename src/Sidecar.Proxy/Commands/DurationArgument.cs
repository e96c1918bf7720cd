using System.Globalization;

namespace Sidecar.Proxy.Commands;

/// <summary>Durations on the command line, spelled as in the document: <c>250ms</c>, <c>5s</c>, <c>1m30s</c>.</summary>
public static class DurationArgument
{
    private static readonly TimeSpan Max = TimeSpan.FromDays(1);

    /// <summary>True for one or more numbers with a unit (h, m, s, ms), larger units first, at most a day in all.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        var total = TimeSpan.Zero;
        var previous = TimeSpan.MaxValue;
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits is <= 0 or > 9 || !TryUnit(rest[digits..], out var unit, out var unitLength) || unit >= previous)
            {
                return false;
            }

            total += unit * int.Parse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            if (total > Max)
            {
                return false;
            }

            previous = unit;
            rest = rest[(digits + unitLength)..];
        }

        duration = total;
        return text.Length > 0;
    }

    /// <summary>The shortest spelling.</summary>
    public static string Format(TimeSpan duration) => duration switch
    {
        { Ticks: 0 } => "0s",
        _ when duration.Ticks % TimeSpan.TicksPerMinute == 0 => $"{duration.TotalMinutes:0}m",
        _ when duration.Ticks % TimeSpan.TicksPerSecond == 0 => $"{duration.TotalSeconds:0}s",
        _ => $"{duration.TotalMilliseconds:0}ms",
    };

    private static bool TryUnit(ReadOnlySpan<char> text, out TimeSpan unit, out int length)
    {
        (unit, length) = text switch
        {
            ['m', 's', ..] => (TimeSpan.FromMilliseconds(1), 2),
            ['s', ..] => (TimeSpan.FromSeconds(1), 1),
            ['m', ..] => (TimeSpan.FromMinutes(1), 1),
            ['h', ..] => (TimeSpan.FromHours(1), 1),
            _ => (TimeSpan.Zero, 0),
        };
        return length > 0;
    }
}
