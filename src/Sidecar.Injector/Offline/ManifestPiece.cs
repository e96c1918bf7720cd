using System.Text.Json.Nodes;
using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Offline;

/// <summary>One document of a manifest: its text, and what it means.</summary>
internal sealed class ManifestPiece
{
    private const char ByteOrderMark = '\uFEFF';

    private readonly string _mark;
    private readonly string _text;
    private readonly YamlNode? _root;

    /// <exception cref="YamlTextException">It is not YAML.</exception>
    public ManifestPiece(string text)
    {
        // Some editors put it before the first character; the reader would take it for a part of the first key.
        _mark = text.StartsWith(ByteOrderMark) ? text[..1] : "";
        _text = text[_mark.Length..];
        _root = Manifest.IsBlank(_text) ? null : YamlText.Read(_text);
        Json = _root?.ToJson();
    }

    /// <summary>What it means; null when there is nothing in it.</summary>
    public JsonNode? Json { get; }

    /// <summary>How a value is written.</summary>
    public string? TextAt(JsonPointer path) => _root is null ? null : YamlEditor.TextAt(_text, _root, path);

    /// <summary>The text after a patch: edited in place where that is possible, else written anew, with a note.</summary>
    public string Apply(IReadOnlyList<JsonPatchOperation> patch, List<string> notes) => _mark + (patch.Count == 0 ? _text : Rewrite(patch, notes));

    private string Rewrite(IReadOnlyList<JsonPatchOperation> patch, List<string> notes)
    {
        var wanted = JsonPatchDocument.Apply((JsonObject)Json!, patch);

        // A text in a status annotation may be anybody's: it is used only if it means what it should.
        if (Edit(patch, wanted) is { } edited || (patch.Any(static operation => operation.Text is not null)
            && (edited = Edit([.. patch.Select(static operation => operation with { Text = null })], wanted)) is not null))
        {
            return edited;
        }

        notes.Add("a document uses anchors, or a form that cannot be edited in place: it is written anew, without its comments");
        return _root!.IsFlow ? $"{wanted.ToJsonString()}\n" : $"{(_text.StartsWith("---", StringComparison.Ordinal) ? "---\n" : "")}{YamlEmitter.Block(wanted, 0, "\n")}\n";
    }

    private string? Edit(IReadOnlyList<JsonPatchOperation> patch, JsonObject wanted)
    {
        try
        {
            var text = patch.Aggregate(_text, YamlEditor.Apply);
            return YamlText.Read(text) is { } root && JsonNode.DeepEquals(root.ToJson(), wanted) ? text : null;
        }
        catch (Exception e) when (e is NotEditableException or YamlTextException)
        {
            return null;
        }
    }
}
