namespace Sidecar.Injector.Injection;

/// <summary>Names as Kubernetes spells them.</summary>
internal static class DnsName
{
    /// <summary>One label of RFC 1123: a container, a namespace.</summary>
    public static bool IsLabel(ReadOnlySpan<char> name) =>
        name.Length is > 0 and <= 63
        && !name.ContainsAnyExcept(Characters.OfDnsLabel)
        && name[0] != '-'
        && name[^1] != '-';

    /// <summary>Labels with dots between them: a ConfigMap, a workload.</summary>
    public static bool IsSubdomain(ReadOnlySpan<char> name)
    {
        if (name.Length is 0 or > 253)
        {
            return false;
        }

        // A label of a subdomain may be as long as the whole name.
        foreach (var range in name.Split('.'))
        {
            var label = name[range];
            if (label.IsEmpty || label.ContainsAnyExcept(Characters.OfDnsLabel) || label[0] == '-' || label[^1] == '-')
            {
                return false;
            }
        }

        return true;
    }
}
