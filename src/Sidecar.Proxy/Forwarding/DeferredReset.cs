using Microsoft.AspNetCore.Http.Features;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// Yarp resets a broken HTTP/2 stream with a code of its own, before we know which one the upstream sent. It is noted here, and
/// done when both are known.
/// </summary>
/// <param name="stream">The stream's own feature.</param>
internal sealed class DeferredReset(IHttpResetFeature stream) : IHttpResetFeature
{
    private int? _asked;

    /// <inheritdoc/>
    public void Reset(int errorCode) => _asked = errorCode;

    /// <summary>Resets if that was asked for.</summary>
    /// <param name="upstreamCode">The code that the upstream sent; null when it sent none.</param>
    public void Flush(int? upstreamCode)
    {
        if (_asked is { } asked)
        {
            stream.Reset(upstreamCode ?? asked);
        }
    }
}
