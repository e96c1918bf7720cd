using System.Runtime.CompilerServices;

namespace Sidecar.Proxy.Upstream;

/// <summary>
/// A message that knows its call, so that the hooks need not look it up, and that can be another request's when its answer has
/// been read: message, fields and the check of the host's name are a kilobyte and a microsecond of each request.
/// </summary>
public sealed class UpstreamMessage : HttpRequestMessage
{
    /// <summary>
    /// An idle HTTP/1 connection took it at once. Otherwise the client may still be dialling with it in hand, and would read the
    /// address of whoever had it next.
    /// </summary>
    public bool IsReusable { get; internal set; }

    /// <summary>The attempt that sends it, or sent it last.</summary>
    internal CallTrace? Call { get; set; }

    /// <summary>Forgets what it said, but for the host's name where that is the same: checking a name costs the client an address.</summary>
    public void Clear(string? host)
    {
        Content = null;
        Call = null;
        IsReusable = false;
        var names = default(FieldNames);
        var count = 0;
        if (host is null || Headers.Host != host || Headers.NonValidated.Count > FieldNames.Length)
        {
            Headers.Clear();
            return;
        }

        foreach (var (name, _) in Headers.NonValidated)
        {
            if (!name.Equals("Host", StringComparison.Ordinal))
            {
                names[count++] = name;
            }
        }

        while (count > 0)
        {
            Headers.Remove(names[--count]!);
        }
    }

    [InlineArray(Length)]
    private struct FieldNames
    {
        public const int Length = 32;
        private string? _first;
    }
}
