using System.Text.Json.Nodes;

namespace Sidecar.Injector.Offline;

/// <summary>A value of a YAML text that knows the characters it is written with.</summary>
/// <param name="Start">First character; of an anchor or tag, if it has one.</param>
/// <param name="End">Behind the last character: comments and blanks behind it are not part of it.</param>
/// <param name="IsFlow">Written with brackets, quotes or as a word, not as lines of a block.</param>
internal abstract record YamlNode(int Start, int End, bool IsFlow)
{
    /// <summary>What it means as JSON.</summary>
    public abstract JsonNode? ToJson();
}

/// <summary>A single value.</summary>
internal sealed record YamlScalar(int Start, int End, string Text, bool IsPlain) : YamlNode(Start, End, IsFlow: true)
{
    /// <summary>Nothing is written: <c>key:</c>.</summary>
    public bool IsEmpty => Start == End;

    /// <inheritdoc/>
    public override JsonNode? ToJson() => IsPlain ? YamlWords.Resolve(Text) : JsonValue.Create(Text);
}

/// <summary>A list.</summary>
internal sealed record YamlSequence(int Start, int End, bool IsFlow, IReadOnlyList<YamlNode> Items) : YamlNode(Start, End, IsFlow)
{
    /// <inheritdoc/>
    public override JsonNode ToJson() => new JsonArray([.. Items.Select(static item => item.ToJson())]);
}

/// <summary>A key and its value.</summary>
internal sealed record YamlMember(YamlScalar Key, YamlNode Value);

/// <summary>An object.</summary>
internal sealed record YamlMapping(int Start, int End, bool IsFlow, IReadOnlyList<YamlMember> Members) : YamlNode(Start, End, IsFlow)
{
    /// <summary>A member; null when it is not there.</summary>
    public YamlMember? Find(string key) => Members.FirstOrDefault(member => member.Key.Text == key);

    /// <inheritdoc/>
    public override JsonNode ToJson()
    {
        var members = new JsonObject();
        foreach (var (key, value) in Members)
        {
            if (key is { Text: "<<", IsPlain: true })
            {
                Merge(members, value.ToJson());
            }
            else
            {
                members[key.Text] = value.ToJson();
            }
        }

        return members;
    }

    // What is written beside a merge wins over it, whatever the order.
    private void Merge(JsonObject members, JsonNode? merged)
    {
        foreach (var source in merged is JsonArray list ? list.OfType<JsonObject>() : merged is JsonObject one ? [one] : [])
        {
            foreach (var (key, value) in source)
            {
                if (Find(key) is null && !members.ContainsKey(key))
                {
                    members[key] = value?.DeepClone();
                }
            }
        }
    }
}

/// <summary>The value of an anchor elsewhere. It is read, but never edited: that would edit the other place.</summary>
internal sealed record YamlAlias(int Start, int End, YamlNode Target) : YamlNode(Start, End, IsFlow: true)
{
    /// <inheritdoc/>
    public override JsonNode? ToJson() => Target.ToJson();
}
