using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Sidecar.Configuration.Documents;

namespace Sidecar.Configuration.Keys;

/// <summary>A list.</summary>
/// <param name="item">What each item may be.</param>
/// <param name="minItems">Fewest items: 1 where an empty list says something better said otherwise.</param>
/// <param name="comparer">Equal items are errors; null allows them.</param>
internal sealed class ListShape<T>(ValueShape<T> item, int minItems = 0, IEqualityComparer<T>? comparer = null) : ValueShape<ImmutableArray<T>>
{
    /// <summary>What each item may be.</summary>
    public ValueShape<T> Item { get; } = item;

    /// <inheritdoc/>
    public override string Expected => $"a list of {(minItems > 0 ? "one or more items" : "items")}, each {Item.Expected}";

    /// <inheritdoc/>
    public override DocumentNode ToNode(ImmutableArray<T> value) => Written.List(value.Select(Item.ToNode));

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema)
    {
        schema.Json.WriteString("type", "array");
        schema.WriteChild("items", Item);
        if (minItems > 0)
        {
            schema.Json.WriteNumber("minItems", minItems);
        }

        if (comparer is not null)
        {
            schema.Json.WriteBoolean("uniqueItems", true);
        }
    }

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out ImmutableArray<T> value)
    {
        value = [];
        if (node is not ListNode list)
        {
            Mismatch(node, problems, node is ScalarNode { Kind: ScalarKind.String } scalar ? $": write [{MessageText.Escape(scalar.Text)}]" : null);
            return false;
        }

        var errorsBefore = problems.ErrorCount;
        if (list.Items.Count < minItems)
        {
            problems.Error(node, $"is an empty list: write {Expected}, or remove the key");
        }

        var seen = new HashSet<T>(comparer);
        var values = ImmutableArray.CreateBuilder<T>(list.Items.Count);
        foreach (var written in list.Items)
        {
            if (!Item.TryRead(written, problems, out var read))
            {
                continue;
            }

            values.Add(read);
            if (!seen.Add(read) && comparer is not null)
            {
                problems.Error(written, $"{written.Description} is in the list twice: remove one");
            }
        }

        value = values.ToImmutable();
        return problems.ErrorCount == errorsBefore;
    }
}
