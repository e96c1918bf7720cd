using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Sidecar.Configuration.Documents;

namespace Sidecar.Configuration.Keys;

/// <summary>An object whose keys are ids that the operator chooses. Values are kept in the order of their ids, so that moving them in the file changes nothing.</summary>
/// <param name="noun">What an id names: <c>route</c>.</param>
/// <param name="item">What each value may be.</param>
/// <param name="idOf">The id of a value.</param>
/// <param name="minItems">Fewest entries.</param>
internal sealed class MapShape<T>(string noun, ValueShape<T> item, Func<T, string> idOf, int minItems) : ValueShape<ImmutableArray<T>>
{
    /// <summary>Ids stand in metric labels, logs and admin paths: short and plain. The same text is the schema's pattern.</summary>
    public const string IdPattern = "[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?";

    // Labels say these where there is no id; an id that reads the same would be mistaken for them.
    private static readonly ImmutableArray<string> Reserved = ["passthrough", "dynamic", "none"];

    /// <summary>Ids that mean something else in this map only, and what.</summary>
    public ImmutableArray<(string Id, string Meaning)> ReservedHere { get; init; } = [];

    /// <summary>What each value may be.</summary>
    public ValueShape<T> Item { get; } = item;

    /// <inheritdoc/>
    public override string Expected => $"an object of {noun} ids{(minItems > 0 ? ", at least one" : "")}";

    /// <summary>Like <see cref="ValueShape{T}.TryRead"/>, but keeps the usable entries beside the unusable ones.</summary>
    public ImmutableArray<T> ReadUsable(ObjectNode node, ProblemList problems)
    {
        var values = ImmutableArray.CreateBuilder<T>();
        foreach (var (id, written) in node.Members.OrderBy(member => member.Key, StringComparer.Ordinal))
        {
            var errorsBefore = problems.ErrorCount;
            CheckId(id, written, problems);
            if (Item.TryRead(written, problems, out var value) && problems.ErrorCount == errorsBefore)
            {
                values.Add(value);
            }
        }

        return values.ToImmutable();
    }

    /// <inheritdoc/>
    public override DocumentNode ToNode(ImmutableArray<T> value) =>
        Written.Object(value.Select(item => KeyValuePair.Create(idOf(item), Item.ToNode(item))));

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema) => schema.WriteMap(this, [.. Reserved, .. ReservedHere.Select(reserved => reserved.Id)], minItems);

    /// <summary>Is it an id?</summary>
    internal static bool IsId(string id) =>
        id.Length is > 0 and <= 64
        && char.IsAsciiLetterOrDigit(id[0]) && char.IsAsciiLetterOrDigit(id[^1])
        && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out ImmutableArray<T> value)
    {
        value = [];
        if (node is not ObjectNode written)
        {
            Mismatch(node, problems);
            return false;
        }

        var errorsBefore = problems.ErrorCount;
        if (written.Members.Count < minItems)
        {
            problems.Error(node, $"is empty: write at least one {noun}");
        }

        value = ReadUsable(written, problems);
        return problems.ErrorCount == errorsBefore;
    }

    private void CheckId(string id, DocumentNode node, ProblemList problems)
    {
        if (!IsId(id))
        {
            problems.Error(node, $"{MessageText.Quote(id)} is not a {noun} id: 1 to 64 letters, digits, '_', '.' or '-', with a letter or digit at both ends");
        }
        else if (Reserved.Contains(id))
        {
            problems.Error(node, $"{noun} id {MessageText.Quote(id)} is reserved (metrics use it where there is no id): choose another");
        }
        else if (ReservedHere.FirstOrDefault(reserved => reserved.Id == id).Meaning is { } meaning)
        {
            problems.Error(node, $"{noun} id {MessageText.Quote(id)} is reserved ({meaning}): choose another");
        }
    }
}
