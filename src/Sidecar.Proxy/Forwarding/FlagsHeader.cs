using Sidecar.Contract;
using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Forwarding;

/// <summary>The flags another sidecar put on its answer.</summary>
public static class FlagsHeader
{
    // Eight flags of three letters; what is longer was not written by a sidecar.
    private const int MaxLength = 64;

    /// <summary>Known flags in their order; unknown ones are passed on but mean nothing to us.</summary>
    public static ErrorFlags Read(ResponseFields fields)
    {
        var flags = default(ErrorFlags);
        var values = fields.Get(HeaderNames.Flags);
        if (values.Count == 0 || values.ToString() is not { Length: <= MaxLength } text)
        {
            return flags;
        }

        // Most recent first; adding puts in front, so the last is added first.
        var rest = text.AsSpan();
        while (rest.Length > 0)
        {
            var comma = rest.LastIndexOf(',');
            flags.Add(ProxyErrorTable.FromFlag(rest[(comma + 1)..].Trim()));
            rest = comma < 0 ? default : rest[..comma];
        }

        return flags;
    }
}
