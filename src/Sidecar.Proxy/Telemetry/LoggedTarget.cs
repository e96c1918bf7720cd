namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// What lines and spans say of a request target. The query is left out: tokens and signatures travel there, and a log never
/// holds a secret (PRODUCT §6).
/// </summary>
internal static class LoggedTarget
{
    private const string Redacted = "?redacted";

    /// <summary>The path, and <c>?redacted</c> where a query was; cut at <see cref="JsonLine.MaxTextLength"/>. Allocates only when there is a query or it is too long.</summary>
    internal static string Of(string target)
    {
        var query = target.IndexOf('?');
        return query < 0 ? Cut(target) : string.Concat(Cut(target.AsSpan(0, query)), Redacted);
    }

    /// <summary>The path alone.</summary>
    internal static string Path(string target)
    {
        var query = target.IndexOf('?');
        return Cut(query < 0 ? target : target[..query]);
    }

    /// <summary>A text of bounded length.</summary>
    internal static string Cut(string text) => text.Length <= JsonLine.MaxTextLength ? text : text[..JsonLine.MaxTextLength];

    private static ReadOnlySpan<char> Cut(ReadOnlySpan<char> text) =>
        text.Length <= JsonLine.MaxTextLength - Redacted.Length ? text : text[..(JsonLine.MaxTextLength - Redacted.Length)];
}
