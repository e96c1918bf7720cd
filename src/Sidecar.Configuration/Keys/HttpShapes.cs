using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Routes;

namespace Sidecar.Configuration.Keys;

/// <summary>Forms that HTTP gives to text.</summary>
internal static class HttpShapes
{
    private const string TokenPattern = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";

    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>RFC 9110 §5.1 field name.</summary>
    public static readonly TextShape HeaderName = new("a header name", text => IsToken(text) ? text : null, TokenPattern);

    /// <summary>RFC 9110 §9.1 method, in upper case: the server below upper-cases what it receives.</summary>
    public static readonly TextShape Method = new("a method such as GET", text => IsToken(text) ? text.ToUpperInvariant() : null, TokenPattern);

    /// <summary>RFC 9110 §5.5 field value that can be compared: visible, on one line.</summary>
    public static readonly TextShape HeaderValue = new(
        "the value of a header, in one line", text => text.Length > 0 && !text.Any(char.IsControl) ? text : null, "^[^\\u0000-\\u001f\\u007f]+$");

    private static bool IsToken(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExcept(TokenCharacters);
}

/// <summary>A path template of ASP.NET.</summary>
internal sealed class PathTemplateShape : ValueShape<string>
{
    /// <inheritdoc/>
    public override string Expected => "a path template such as /orders/{id} or /orders/{**rest}";

    /// <inheritdoc/>
    public override DocumentNode ToNode(string value) => Written.Text(value);

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema)
    {
        schema.Json.WriteString("type", "string");
        schema.Json.WriteString("pattern", "^/");
    }

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out string value)
    {
        value = null;
        if (node is not ScalarNode { Kind: ScalarKind.String } scalar)
        {
            Mismatch(node, problems);
            return false;
        }

        if (PathTemplate.Parse(scalar.Text, out var reason) is null)
        {
            Mismatch(node, problems, ": " + MessageText.Escape(reason));
            return false;
        }

        value = scalar.Text;
        return true;
    }
}
