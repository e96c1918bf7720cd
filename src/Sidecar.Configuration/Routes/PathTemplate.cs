using System.Collections.Immutable;

namespace Sidecar.Configuration.Routes;

/// <summary>What one segment of a path template accepts.</summary>
internal enum PathSegmentKind
{
    /// <summary>One text, whatever its case.</summary>
    Literal,

    /// <summary>One segment: <c>{id}</c>, with or without a constraint.</summary>
    Parameter,

    /// <summary>The rest: <c>{**rest}</c>.</summary>
    CatchAll,

    /// <summary>Literals and parameters mixed: <c>v{major}.{minor}</c>.</summary>
    Complex,
}

/// <summary>One segment.</summary>
/// <param name="Kind">What it accepts.</param>
/// <param name="Text">
/// Literal: its text in lower case. Complex: as written, in lower case. Parameters: the constraints as written, empty when there are none;
/// the name means nothing to matching.
/// </param>
/// <param name="IsOptional">The segment may be missing: <c>{id?}</c> or a default.</param>
internal sealed record PathSegment(PathSegmentKind Kind, string Text, bool IsOptional);

/// <summary>
/// The outline of an ASP.NET route template: enough to compare two of them. The proxy parses the template again with
/// ASP.NET's own parser; what that refuses and this accepts is refused there.
/// </summary>
internal sealed record PathTemplate(ImmutableArray<PathSegment> Segments)
{
    /// <summary>The template of a route without path: <c>/{**rest}</c>.</summary>
    public static PathTemplate Everything { get; } = new([new PathSegment(PathSegmentKind.CatchAll, "", IsOptional: false)]);

    /// <summary>
    /// Equal for templates of equal precedence that can match the same path, as far as this can decide: constraints and mixed
    /// segments count as overlapping only when they are written alike.
    /// </summary>
    public string OverlapKey => string.Join('/', Segments.Select(segment => $"{(int)segment.Kind}{segment.Text}"));

    /// <summary>Parses; null, with the reason, when it is no template.</summary>
    public static PathTemplate? Parse(string text, out string reason)
    {
        reason = "";
        if (!text.StartsWith('/'))
        {
            reason = "it does not start with '/'";
            return null;
        }

        var segments = ImmutableArray.CreateBuilder<PathSegment>();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var rest = text.EndsWith('/') ? text[1..Math.Max(1, text.Length - 1)] : text[1..];
        foreach (var segment in text == "/" ? [] : SplitSegments(rest))
        {
            if (segments.Count > 0 && segments[^1].Kind == PathSegmentKind.CatchAll)
            {
                reason = "nothing can follow a catch-all parameter";
                return null;
            }

            if (ParseSegment(segment, names, out reason) is not { } parsed)
            {
                return null;
            }

            segments.Add(parsed);
        }

        return new PathTemplate(segments.ToImmutable());
    }

    /// <summary>Does every path that <paramref name="other"/> matches match this one? False where that cannot be decided here.</summary>
    public bool Covers(PathTemplate other)
    {
        for (var i = 0; i < Segments.Length; i++)
        {
            var segment = Segments[i];
            if (segment is { Kind: PathSegmentKind.CatchAll, Text: "" })
            {
                return true;
            }

            if (i >= other.Segments.Length || !CoversSegment(segment, other.Segments[i]))
            {
                return false;
            }
        }

        return Segments.Length == other.Segments.Length;
    }

    private static bool CoversSegment(PathSegment segment, PathSegment other) =>
        segment == other
        || (segment is { Kind: PathSegmentKind.Parameter, Text: "" }
            && other.Kind != PathSegmentKind.CatchAll
            && (segment.IsOptional || !other.IsOptional));

    /// <summary>Splits at slashes outside braces; doubled braces are literal ones.</summary>
    private static List<string> SplitSegments(string text)
    {
        var segments = new List<string>();
        var start = 0;
        var depth = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '{' or '}' && i + 1 < text.Length && text[i + 1] == text[i])
            {
                i++;
            }
            else if (text[i] == '{')
            {
                depth++;
            }
            else if (text[i] == '}')
            {
                depth--;
            }
            else if (text[i] == '/' && depth <= 0)
            {
                segments.Add(text[start..i]);
                start = i + 1;
            }
        }

        segments.Add(text[start..]);
        return segments;
    }

    private static PathSegment? ParseSegment(string segment, HashSet<string> names, out string reason)
    {
        reason = segment.Length == 0 ? "it has an empty segment ('//')" : "";
        var parts = 0;
        var hasLiteral = false;
        PathSegment? parameter = null;
        for (var i = 0; i < segment.Length && reason.Length == 0; i++)
        {
            var c = segment[i];
            if (c is '{' or '}' && i + 1 < segment.Length && segment[i + 1] == c)
            {
                hasLiteral = true;
                i++;
            }
            else if (c == '{')
            {
                var end = EndOfParameter(segment, i + 1);
                reason = end < 0 ? "a '{' is not closed" : "";
                if (end >= 0)
                {
                    parameter = ParseParameter(segment[(i + 1)..end], names, out reason);
                    parts++;
                    i = end;
                }
            }
            else
            {
                reason = c switch
                {
                    '}' => "a '}' has no '{'",
                    '?' => "'?' is no part of a path",
                    <= ' ' or '\x7f' => "it contains a space or control character",
                    _ => "",
                };
                hasLiteral = true;
            }
        }

        if (reason.Length > 0)
        {
            return null;
        }

        if (parts == 0)
        {
            return new PathSegment(PathSegmentKind.Literal, segment.ToLowerInvariant(), IsOptional: false);
        }

        if (parts == 1 && !hasLiteral)
        {
            return parameter;
        }

        reason = parameter!.Kind == PathSegmentKind.CatchAll ? "a catch-all parameter stands alone in its segment" : "";
        return reason.Length > 0 ? null : new PathSegment(PathSegmentKind.Complex, segment.ToLowerInvariant(), IsOptional: false);
    }

    private static int EndOfParameter(string segment, int start)
    {
        for (var i = start; i < segment.Length; i++)
        {
            if (segment[i] is '{' or '}' && i + 1 < segment.Length && segment[i + 1] == segment[i])
            {
                i++;
            }
            else if (segment[i] == '}')
            {
                return i;
            }
            else if (segment[i] == '{')
            {
                return -1;
            }
        }

        return -1;
    }

    private static PathSegment? ParseParameter(string text, HashSet<string> names, out string reason)
    {
        var name = text.TrimStart('*');
        var stars = text.Length - name.Length;
        var isOptional = name.EndsWith('?');
        name = isOptional ? name[..^1] : name;
        var end = name.AsSpan().IndexOfAny(':', '=');
        var suffix = end < 0 ? "" : name[end..];
        name = end < 0 ? name : name[..end];
        reason = stars > 2 || name.Length == 0 || name.AsSpan().ContainsAny("/{}?*") ? $"'{{{text}}}' is no parameter"
            : !names.Add(name) ? $"parameter '{name}' is there twice"
            : stars > 0 && isOptional ? $"catch-all parameter '{name}' cannot be optional"
            : "";
        if (reason.Length > 0)
        {
            return null;
        }

        // A default makes the segment optional; it is no constraint.
        var hasDefault = suffix.StartsWith('=');
        return new PathSegment(
            stars > 0 ? PathSegmentKind.CatchAll : PathSegmentKind.Parameter,
            hasDefault ? "" : suffix,
            isOptional || hasDefault);
    }
}
