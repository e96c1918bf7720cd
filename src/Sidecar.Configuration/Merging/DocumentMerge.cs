using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;
using Sidecar.Configuration.Keys;

namespace Sidecar.Configuration.Merging;

/// <summary>How documents and policies are laid over each other.</summary>
internal static class DocumentMerge
{
    /// <summary>Name of the implied document when there is no source.</summary>
    private const string ImpliedName = "built-in";

    private static readonly string[] MapKeys = [DocumentKeys.Routes.Name, DocumentKeys.Policies.Name, DocumentKeys.Clusters.Name];

    /// <summary>The document when no source is given: <c>version: 1</c> and nothing else.</summary>
    public static ObjectNode Implied { get; } = ImpliedBy(ImpliedName);

    /// <summary>The same in place of a file that does not exist.</summary>
    public static ObjectNode ImpliedBy(string file) => new(
        new SourcePosition(file, 0, 0), NodePath.Root, [new(DocumentKeys.Version.Name, DocumentKeys.Version.TypedShape.ToNode(ConfigurationDefaults.Version))]);

    /// <summary>
    /// Several sources, in order: an id in routes, policies or clusters replaces the whole earlier entry; every other
    /// top-level key may stand in the first source only (<c>version</c> may be repeated, and be left out in later ones).
    /// </summary>
    public static ObjectNode Combine(IReadOnlyList<ObjectNode> sources, ProblemList problems)
    {
        var merged = sources.Count == 0 ? Implied : sources[0];
        foreach (var source in sources.Skip(1))
        {
            foreach (var (key, value) in source.Members)
            {
                merged = Combine(merged, sources[0].Position.File, key, value, problems);
            }
        }

        return merged;
    }

    /// <summary>Policies and <c>--set</c>: objects merge key by key, lists and scalars replace.</summary>
    public static DocumentNode Overlay(DocumentNode lower, DocumentNode upper)
    {
        if (lower is not ObjectNode below || upper is not ObjectNode above)
        {
            return upper;
        }

        var members = below.Members.ToDictionary(StringComparer.Ordinal);
        foreach (var (key, value) in above.Members)
        {
            members[key] = members.TryGetValue(key, out var covered) ? Overlay(covered, value) : value;
        }

        return new ObjectNode(above.Position, above.Path, members);
    }

    private static ObjectNode Combine(ObjectNode merged, string firstFile, string key, DocumentNode value, ProblemList problems)
    {
        if (key == DocumentKeys.Version.Name)
        {
            // Only to report a wrong one: the first source's stays.
            DocumentKeys.Version.TypedShape.TryRead(value, problems, out _);
            return merged;
        }

        if (!MapKeys.Contains(key))
        {
            var isKnown = DocumentKeys.Shape.Keys.Any(known => known.Name == key);
            if (isKnown)
            {
                problems.Error(value, $"{MessageText.Quote(key)} may stand in the first file only ({firstFile}); later files hold {MessageText.OneOf(MapKeys)}: move it there");
                return merged;
            }

            // Unknown and planned keys are reported where the merged document is read.
            return merged[key] is null ? merged.With(key, value) : merged;
        }

        if (merged[key] is not ObjectNode earlier)
        {
            // What stands there and is no object must still be reported.
            return merged[key] is null ? merged.With(key, value) : merged;
        }

        if (value is not ObjectNode later)
        {
            problems.Error(value, $"{value.Description} is not an object of ids");
            return merged;
        }

        var members = earlier.Members.ToDictionary(StringComparer.Ordinal);
        foreach (var (id, entry) in later.Members)
        {
            members[id] = entry;
        }

        return merged.With(key, new ObjectNode(earlier.Position, earlier.Path, members));
    }
}
