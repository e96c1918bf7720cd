using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Sidecar.Configuration.Documents;

/// <summary>
/// One spelling per meaning: keys sorted by code unit, no white space, <c>off</c> as <c>false</c>. What is hashed
/// as the revision and kept as the last good document; it reads back to the same configuration.
/// </summary>
internal static class CanonicalJson
{
    /// <summary>The text of a tree.</summary>
    public static string Write(DocumentNode node)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(writer, node);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Writes a tree as the next value.</summary>
    public static void Write(Utf8JsonWriter writer, DocumentNode node)
    {
        switch (node)
        {
            case ObjectNode written:
                writer.WriteStartObject();
                foreach (var (key, value) in written.Members.OrderBy(member => member.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(key);
                    Write(writer, value);
                }

                writer.WriteEndObject();
                break;
            case ListNode list:
                writer.WriteStartArray();
                foreach (var item in list.Items)
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case ScalarNode { Kind: ScalarKind.Number } number:
                writer.WriteRawValue(number.Text);
                break;
            case ScalarNode { Kind: ScalarKind.True }:
                writer.WriteBooleanValue(true);
                break;
            case ScalarNode { Kind: ScalarKind.False }:
                writer.WriteBooleanValue(false);
                break;
            case ScalarNode { Kind: ScalarKind.Null }:
                writer.WriteNullValue();
                break;
            case ScalarNode text:
                writer.WriteStringValue(text.Text);
                break;
            default:
                throw new ArgumentException($"no JSON for {node.Description}", nameof(node));
        }
    }
}
