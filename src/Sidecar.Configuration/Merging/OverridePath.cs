using System.Collections.Immutable;
using Sidecar.Configuration.Keys;

namespace Sidecar.Configuration.Merging;

/// <summary>
/// The left side of <c>--set path=value</c>.
/// <list type="bullet">
/// <item><c>retry.maxRetries</c>: from <c>policies.default</c>, keys separated by dots.</item>
/// <item><c>/clusters/api/destinations/a/address</c>: from the document root, keys separated by slashes; ids may contain dots.</item>
/// <item><c>/listeners.reverse.address</c>: from the document root with dots, when there is no second slash; ids with dots need slashes.</item>
/// </list>
/// </summary>
internal static class OverridePath
{
    /// <summary>Keys from the document root; empty when a key is missing.</summary>
    public static ImmutableArray<string> Parse(string path)
    {
        ImmutableArray<string> keys = path switch
        {
            ['/', .. var rest] => [.. rest.Split(rest.Contains('/', StringComparison.Ordinal) ? '/' : '.')],
            _ => [DocumentKeys.Policies.Name, ConfigurationDefaults.DefaultPolicyId, .. path.Split('.')],
        };
        return keys.Any(key => key.Length == 0) ? [] : keys;
    }
}
