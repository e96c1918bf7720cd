namespace Sidecar.Proxy.Forwarding;

/// <summary>Hash of a request target's path for <c>ringHash</c> (FNV-1a, 32 bit: stable across processes and versions).</summary>
public static class TargetHash
{
    private const uint OffsetBasis = 2166136261, Prime = 16777619;

    /// <summary>Of everything before the query.</summary>
    public static uint Of(string target)
    {
        var hash = OffsetBasis;
        foreach (var character in target)
        {
            if (character == '?')
            {
                break;
            }

            hash = (hash ^ character) * Prime;
        }

        return hash;
    }
}
