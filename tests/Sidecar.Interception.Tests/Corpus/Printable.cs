using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sidecar.Interception.Tests.Corpus;

/// <summary>Bytes for the message of a failed comparison: equal texts mean equal bytes.</summary>
internal static class Printable
{
    private const int MaxLength = 300;

    /// <summary>Bytes.</summary>
    public static string Of(byte[] bytes) => Of(Encoding.Latin1.GetString(bytes));

    /// <summary>Latin-1 characters; what is long is named by length and digest beside its beginning.</summary>
    public static string Of(string text)
    {
        var shown = text.Length <= MaxLength ? text : text[..40];
        var escaped = new StringBuilder();
        foreach (var character in shown)
        {
            escaped.Append(character is >= ' ' and < '\x7f' and not '\\'
                ? character.ToString()
                : character switch
                {
                    '\r' => "\\r",
                    '\n' => "\\n",
                    _ => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}"),
                });
        }

        return text.Length <= MaxLength
            ? $"\"{escaped}\""
            : $"\"{escaped}\"… {text.Length} bytes, sha256 {Convert.ToHexStringLower(SHA256.HashData(Encoding.Latin1.GetBytes(text)))[..16]}";
    }
}
