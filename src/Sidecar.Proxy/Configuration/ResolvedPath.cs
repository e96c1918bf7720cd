namespace Sidecar.Proxy.Configuration;

/// <summary>
/// A path without symbolic links, as realpath(3) finds it. A ConfigMap volume swaps a link in the middle of the path
/// (<c>..data</c>), which a look at the last component alone would not notice.
/// </summary>
public static class ResolvedPath
{
    // Linux gives up after 40 (MAXSYMLINKS in include/linux/namei.h).
    private const int MaxLinks = 40;

    /// <summary>The real path; the path as it is from the first component that does not exist or cannot be read.</summary>
    public static string Of(string path)
    {
        var full = Path.GetFullPath(path);
        var root = Path.GetPathRoot(full) ?? "/";
        var rest = new Stack<string>(Components(full, root));
        var real = root;
        for (var links = 0; rest.TryPop(out var name);)
        {
            var next = Path.Combine(real, name);
            var target = LinkTarget(next);
            if (target is null || ++links > MaxLinks)
            {
                real = next;
                continue;
            }

            // A relative target starts at the directory the link is in, an absolute one at the root.
            var continued = Path.GetFullPath(target, real);
            real = root;
            foreach (var component in Components(continued, root))
            {
                rest.Push(component);
            }
        }

        return real;
    }

    private static IEnumerable<string> Components(string path, string root) =>
        // By name: on net9.0 C# 14 would otherwise take the in-place Reverse of spans.
        Enumerable.Reverse(path[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries));

    private static string? LinkTarget(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
