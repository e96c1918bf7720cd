namespace Sidecar.Interception.Tests.Corpus;

/// <summary>What one side of a conversation saw, in its order.</summary>
internal sealed class Transcript
{
    private readonly object _gate = new();
    private readonly SortedDictionary<string, object> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _numbers = [];

    /// <summary>Everything seen: text, or a <see cref="SeenMessage"/>, by name.</summary>
    public IReadOnlyDictionary<string, object> Entries
    {
        get
        {
            lock (_gate)
            {
                return new SortedDictionary<string, object>(_entries, StringComparer.Ordinal);
            }
        }
    }

    /// <summary>Something whose name is only a kind: the n-th of it is called so.</summary>
    public void Add(string kind, object seen)
    {
        lock (_gate)
        {
            var number = _numbers[kind] = _numbers.GetValueOrDefault(kind) + 1;
            _entries[$"{kind} {number}"] = seen;
        }
    }

    /// <summary>Something of which there is one; the last one counts.</summary>
    public void Set(string name, object seen)
    {
        lock (_gate)
        {
            _entries[name] = seen;
        }
    }
}

/// <summary>Both sides of one run of a message.</summary>
internal sealed record Recording(IReadOnlyDictionary<string, object> Client, IReadOnlyDictionary<string, object> Server)
{
    /// <summary>Did every step of both sides happen?</summary>
    public bool IsWhole => !Client.ContainsKey(Conversation.Failure) && !Server.ContainsKey(Conversation.Failure);

    /// <summary>Every field of both sides by its full name.</summary>
    public IReadOnlyDictionary<string, string> Fields()
    {
        var fields = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (side, entries) in new[] { ("client", Client), ("server", Server) })
        {
            foreach (var (name, seen) in entries)
            {
                if (seen is SeenMessage message)
                {
                    foreach (var field in message.Fields())
                    {
                        fields[$"{side} {name}: {field.Name}"] = field.Value;
                    }
                }
                else
                {
                    fields[$"{side} {name}"] = (string)seen;
                }
            }
        }

        return fields;
    }

    /// <summary>The fields that are not the same here and there, one a line.</summary>
    public static IReadOnlyList<string> Differences(IReadOnlyDictionary<string, string> direct, IReadOnlyDictionary<string, string> intercepted) => direct.Keys
        .Union(intercepted.Keys)
        .Where(name => direct.GetValueOrDefault(name) != intercepted.GetValueOrDefault(name))
        .Order(StringComparer.Ordinal)
        .Select(name => $"{name}\n    direct:      {direct.GetValueOrDefault(name, "(absent)")}\n    intercepted: {intercepted.GetValueOrDefault(name, "(absent)")}")
        .ToArray();
}
