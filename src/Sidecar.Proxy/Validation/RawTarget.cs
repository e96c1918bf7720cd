namespace Sidecar.Proxy.Validation;

/// <summary>The request target as it stood in the request line (RFC 9112 §3.2). Pure.</summary>
public static class RawTarget
{
    /// <summary>Path and query of an origin-form or absolute-form target, byte for byte.</summary>
    public static string PathAndQuery(string target)
    {
        if (target.StartsWith('/'))
        {
            return target;
        }

        return TrySplitAbsolute(target, out _, out var rest) ? rest.ToString() : "/";
    }

    /// <summary>Splits <c>http://authority/path?query</c>; false for every other form.</summary>
    public static bool TrySplitAbsolute(string target, out ReadOnlySpan<char> authority, out ReadOnlySpan<char> pathAndQuery)
    {
        authority = default;
        pathAndQuery = default;
        var scheme = target.IndexOf("://", StringComparison.Ordinal);
        if (scheme is not (4 or 5))
        {
            return false;
        }

        var name = target.AsSpan(0, scheme);
        if (!name.Equals("http", StringComparison.OrdinalIgnoreCase) && !name.Equals("https", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var rest = target.AsSpan(scheme + 3);
        var end = rest.IndexOfAny('/', '?', '#');
        authority = end < 0 ? rest : rest[..end];
        pathAndQuery = end < 0 ? "/" : rest[end] == '/' ? rest[end..] : string.Concat("/", rest[end..]);
        return authority.Length > 0 && !authority.Contains('@');
    }
}
