using System.Globalization;
using System.Text.Json;

namespace Sidecar.Proxy.AppHealth;

/// <summary>One object of the probes' JSON: gives typed members and reports what is not as it must be.</summary>
internal sealed class ProbeObject
{
    private readonly string _path;
    private readonly Dictionary<string, JsonElement> _members = new(StringComparer.Ordinal);
    private readonly Action<string, string> _problem;

    /// <summary>Takes what should be an object.</summary>
    /// <param name="path">Where it stands.</param>
    /// <param name="element">Anything.</param>
    /// <param name="problem">Told path and sentence.</param>
    public ProbeObject(string path, JsonElement element, Action<string, string> problem)
    {
        _path = path;
        _problem = problem;
        IsObject = element.ValueKind == JsonValueKind.Object;
        if (!IsObject)
        {
            problem(path, "is not an object");
            return;
        }

        foreach (var member in element.EnumerateObject())
        {
            // A null is what some writers make of a value that is not there.
            if (member.Value.ValueKind != JsonValueKind.Null && !_members.TryAdd(member.Name, member.Value))
            {
                problem(Of(member.Name), "stands there twice");
            }
        }
    }

    /// <summary>Is it one?</summary>
    public bool IsObject { get; }

    /// <summary>Names of its members.</summary>
    public IReadOnlyCollection<string> Names => _members.Keys;

    /// <summary>Is there such a member?</summary>
    public bool Has(string name) => _members.ContainsKey(name);

    /// <summary>Path of a member.</summary>
    public string Of(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    /// <summary>Reports a member.</summary>
    public void Refuse(string name, string message) => _problem(Of(name), message);

    /// <summary>Reports every member that is not among these.</summary>
    public void AllowOnly(IReadOnlyCollection<string> names)
    {
        foreach (var name in _members.Keys.Where(name => !names.Contains(name)))
        {
            Refuse(name, $"is unknown: known are {string.Join(", ", names)}");
        }
    }

    /// <summary>A member that is an object; an empty one when it is something else.</summary>
    public ProbeObject Object(string name) => new(Of(name), _members.GetValueOrDefault(name), _problem);

    /// <summary>The objects of a list; empty when there is none.</summary>
    public IEnumerable<ProbeObject> List(string name, int maxLength)
    {
        if (!_members.TryGetValue(name, out var list))
        {
            return [];
        }

        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > maxLength)
        {
            Refuse(name, $"is not a list of at most {maxLength}");
            return [];
        }

        return list.EnumerateArray().Select((item, index) => new ProbeObject($"{Of(name)}[{index}]", item, _problem));
    }

    /// <summary>A text; null when there is none.</summary>
    public string? Text(string name, int maxLength)
    {
        if (!_members.TryGetValue(name, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String && TryGetString(value) is { } text && text.Length <= maxLength && !text.Any(char.IsControl))
        {
            return text;
        }

        Refuse(name, $"is not a text of at most {maxLength} characters without control characters");
        return null;
    }

    /// <summary>A whole number within bounds.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="min">Smallest.</param>
    /// <param name="max">Largest.</param>
    /// <param name="missing">What it is when it is not written; null: it must be.</param>
    public int Number(string name, int min, int max, int? missing = null)
    {
        if (!_members.TryGetValue(name, out var value))
        {
            if (missing is null && IsObject)
            {
                Refuse(name, "is missing");
            }

            return missing ?? min;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max)
        {
            return number;
        }

        Refuse(name, string.Create(CultureInfo.InvariantCulture, $"is not a whole number from {min} to {max}"));
        return min;
    }

    // A lone surrogate, written \ud800, is JSON and no text.
    private static string? TryGetString(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
