using System.Globalization;
using Sidecar.Configuration.Documents;

namespace Sidecar.Configuration.Keys;

/// <summary>Nodes for values that no file contains: defaults and the effective document.</summary>
internal static class Written
{
    /// <summary><c>off</c>.</summary>
    public static ScalarNode Off { get; } = Scalar(ScalarKind.False, "off");

    /// <summary>Text.</summary>
    public static ScalarNode Text(string text) => Scalar(ScalarKind.String, text);

    /// <summary>A whole number.</summary>
    public static ScalarNode Number(long value) => Scalar(ScalarKind.Number, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A number, in the shortest spelling that reads back the same.</summary>
    public static ScalarNode Number(double value) => Scalar(ScalarKind.Number, value.ToString("R", CultureInfo.InvariantCulture));

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public static ScalarNode Boolean(bool value) => Scalar(value ? ScalarKind.True : ScalarKind.False, value ? "true" : "false");

    /// <summary>A list.</summary>
    public static ListNode List(IEnumerable<DocumentNode> items) => new(default, NodePath.Root, [.. items]);

    /// <summary>An object.</summary>
    public static ObjectNode Object(IEnumerable<KeyValuePair<string, DocumentNode>> members) => new(default, NodePath.Root, members);

    private static ScalarNode Scalar(ScalarKind kind, string text) => new(default, NodePath.Root, kind, text);
}
