using System.Globalization;

namespace Sidecar.LoadGen.Commands;

/// <summary><c>command [word…] [--name value…]</c>; an option may be given several times. Unknown options are errors.</summary>
internal sealed class Arguments
{
    private readonly List<KeyValuePair<string, string>> _options = [];
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public Arguments(IEnumerable<string> arguments)
    {
        string? name = null;
        foreach (var argument in arguments)
        {
            if (name is not null)
            {
                _options.Add(new(name, argument));
                name = null;
            }
            else if (argument.StartsWith("--", StringComparison.Ordinal))
            {
                name = argument[2..];
            }
            else
            {
                Words.Add(argument);
            }
        }

        if (name is not null)
        {
            throw new ArgumentException($"--{name} wants a value");
        }
    }

    public List<string> Words { get; } = [];

    public IReadOnlyList<string> All(string name)
    {
        _known.Add(name);
        return [.. _options.Where(option => option.Key == name).Select(option => option.Value)];
    }

    public string? Text(string name) => All(name) is [.., var last] ? last : null;

    public int Integer(string name, int otherwise) => (int)Number(name, otherwise);

    public double Number(string name, double otherwise) =>
        Text(name) is not { } text ? otherwise
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= 0 ? value
        : throw new ArgumentException($"--{name}: not a number: '{text}'");

    /// <summary><c>500us</c>, <c>5ms</c>, <c>2s</c>, <c>10m</c>.</summary>
    public TimeSpan Duration(string name, TimeSpan otherwise) => Text(name) is { } text ? ParseDuration(name, text) : otherwise;

    /// <summary>Two durations with a dash between, or one for both.</summary>
    public (TimeSpan Least, TimeSpan Most) Range(string name)
    {
        if (Text(name) is not { } text)
        {
            return default;
        }

        var parts = text.Split('-');
        return (ParseDuration(name, parts[0]), ParseDuration(name, parts[^1]));
    }

    /// <summary>To be called when all options have been asked for.</summary>
    public void RejectUnknown()
    {
        var unknown = _options.Select(option => option.Key).Where(name => !_known.Contains(name)).Distinct(StringComparer.Ordinal).ToArray();
        if (unknown.Length > 0)
        {
            throw new ArgumentException($"unknown option: --{string.Join(", --", unknown)}");
        }
    }

    private static TimeSpan ParseDuration(string name, string text)
    {
        var digits = text.TrimEnd("msun".ToCharArray());
        double? unit = text[digits.Length..] switch { "us" => 1e-6, "ms" => 1e-3, "s" => 1, "m" => 60, _ => null };
        return unit is { } seconds && double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= 0
            ? TimeSpan.FromSeconds(value * seconds)
            : throw new ArgumentException($"--{name}: not a duration: '{text}'");
    }
}
