namespace Sidecar.Proxy.Upstream;

/// <summary>
/// A message that knows its call, so that the hooks need not look it up, and that can be another request's when its answer has
/// been read: message, fields and the check of the host's name are a kilobyte and a microsecond of each request.
/// </summary>
public sealed class UpstreamMessage : HttpRequestMessage
{
    // More than these are not noted, and such a message is cleared the long way.
    private const int MostNoted = 32;

    private string[]? _names;
    private int _count;

    /// <summary>
    /// An idle HTTP/1 connection took it at once. Otherwise the client may still be dialling with it in hand, and would read the
    /// address of whoever had it next.
    /// </summary>
    public bool IsReusable { get; internal set; }

    /// <summary>The attempt that sends it, or sent it last.</summary>
    internal CallTrace? Call { get; set; }

    /// <summary>The client writes a field. Noted here, since asking the message later for its names would make their values too.</summary>
    public void OnField(string name)
    {
        // With a content it is cleared the long way, whose fields are not the message's to remove; over HTTP/2 it is not used again.
        if (Version.Major == 1 && Content is null && _count++ < MostNoted)
        {
            (_names ??= new string[MostNoted])[_count - 1] = name;
        }
    }

    /// <summary>Forgets what it said, but for the host's name where that is the same: checking a name costs the client an address.</summary>
    public void Clear(string? host)
    {
        var isHostKept = IsReusable && Content is null && _count <= MostNoted && host is not null && Headers.Host == host;
        Content = null;
        Call = null;
        IsReusable = false;
        if (isHostKept)
        {
            foreach (var name in _names.AsSpan(0, _count))
            {
                if (!name.Equals("Host", StringComparison.Ordinal))
                {
                    Headers.Remove(name);
                }
            }
        }

        // Nothing stays that was not seen.
        if (!isHostKept || Headers.NonValidated.Count > 1)
        {
            Headers.Clear();
        }

        _count = 0;
    }
}
