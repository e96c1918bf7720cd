using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Sidecar.Configuration.Documents;

namespace Sidecar.Configuration.Keys;

/// <summary>What walks the key table without knowing types: the schema and the tests.</summary>
internal interface IObjectShape
{
    /// <summary>Rows, in the order of the documentation.</summary>
    ImmutableArray<ConfigurationKey> Keys { get; }

    /// <summary>Keys that later versions will act on.</summary>
    ImmutableArray<PlannedKey> Planned { get; }

    /// <summary>Keys of which exactly one must be written; empty where there is no such choice.</summary>
    ImmutableArray<ConfigurationKey> ExactlyOne { get; }
}

/// <summary>An object with a closed set of keys.</summary>
/// <param name="name">For messages: <c>a retry policy</c>.</param>
/// <param name="keys">The rows of the table.</param>
/// <param name="read">Makes the value; called only when every key was usable.</param>
/// <param name="write">Writes the value's keys.</param>
internal sealed class ObjectShape<T>(
    string name,
    ImmutableArray<ConfigurationKey> keys,
    Func<ObjectView, T> read,
    Action<ObjectBuilder, T> write) : ValueShape<T>, IObjectShape
{
    /// <inheritdoc/>
    public ImmutableArray<ConfigurationKey> Keys { get; } = keys;

    /// <inheritdoc/>
    public ImmutableArray<PlannedKey> Planned { get; init; } = [];

    /// <inheritdoc/>
    public ImmutableArray<ConfigurationKey> ExactlyOne { get; init; } = [];

    /// <summary>Combinations that cannot be, checked when every key was usable.</summary>
    public Action<ObjectView, T, ProblemList>? Rules { get; init; }

    /// <summary>Name under <c>$defs</c> of the schema, when it is used in more than one place.</summary>
    public string? Definition { get; init; }

    /// <inheritdoc/>
    public override string Expected => $"{name} (an object)";

    /// <summary>
    /// Reads what is usable, key by key: a map of ids keeps its usable entries, so that they can be checked against
    /// each other while others are wrong. <paramref name="isComplete"/> is false when something was not usable (reported).
    /// </summary>
    public ObjectView ReadView(ObjectNode node, ProblemList problems, out bool isComplete)
    {
        var errorsBefore = problems.ErrorCount;
        var view = new ObjectView(node);
        isComplete = true;
        foreach (var key in Keys)
        {
            if (node[key.Name] is { } written)
            {
                isComplete &= key.Shape.TryReadBoxed(written, problems, out var value);
                if (value is not null || key.Shape.AcceptsOff)
                {
                    view.Set(key, value);
                }
            }
            else if (key.IsRequired)
            {
                problems.Error(node, $"key {MessageText.Quote(key.Name)} is missing: write {key.Shape.Expected}");
                isComplete = false;
            }
        }

        CheckChoice(node, problems);
        foreach (var (key, value) in node.Members)
        {
            RefuseUnknown(key, value, problems);
        }

        isComplete &= problems.ErrorCount == errorsBefore;
        return view;
    }

    /// <inheritdoc/>
    public override DocumentNode ToNode(T value)
    {
        var builder = new ObjectBuilder();
        write(builder, value);
        return builder.Build();
    }

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema)
    {
        if (Definition is null)
        {
            schema.WriteObject(this);
        }
        else
        {
            schema.WriteReference(Definition, this);
        }
    }

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (node is not ObjectNode written)
        {
            Mismatch(node, problems);
            return false;
        }

        var errorsBefore = problems.ErrorCount;
        var view = ReadView(written, problems, out var isComplete);
        if (!isComplete)
        {
            return false;
        }

        value = read(view);
        Rules?.Invoke(view, value, problems);
        return problems.ErrorCount == errorsBefore;
    }

    private void CheckChoice(ObjectNode node, ProblemList problems)
    {
        var written = ExactlyOne.Where(key => node[key.Name] is not null).Select(key => key.Name).ToList();
        if (written.Count > 1)
        {
            problems.Error(node[written[^1]]!, $"{string.Join(" and ", written)} cannot stand together: remove one");
        }
        else if (written.Count == 0 && !ExactlyOne.IsEmpty)
        {
            var choices = ExactlyOne.Select(key => $"{key.Name} ({key.Shape.Expected})");
            problems.Error(node, $"neither {string.Join(" nor ", ExactlyOne.Select(key => key.Name))} is written: write {MessageText.OneOf(choices)}");
        }
    }

    private void RefuseUnknown(string key, DocumentNode value, ProblemList problems)
    {
        if (Keys.Any(known => known.Name == key))
        {
            return;
        }

        if (Planned.Any(planned => planned.Name == key))
        {
            problems.Error(value, $"key {MessageText.Quote(key)} is not supported yet: remove it");
            return;
        }

        var names = Keys.Select(known => known.Name);
        var suggestion = Suggestion.For(key, names, problems);
        problems.Error(value, $"unknown key {MessageText.Quote(key)}{(suggestion.Length > 0 ? suggestion : $"; the keys here are {MessageText.OneOf(names)}")}");
    }
}
