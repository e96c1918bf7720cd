using System.Net;
using System.Net.Http;
using Microsoft.Net.Http.Headers;

namespace Sidecar.Proxy.Upstream;

/// <summary>
/// A request without a body. The client announces <c>Content-Length: 0</c> for what has no content unless it knows the method,
/// and for content of untold length it announces chunks. Neither is what the caller said, so this one tells its length when it
/// is asked, and takes it back while the head is being written: <see cref="OmitLength"/>.
/// </summary>
/// <param name="saysLength">The caller announced a length of zero itself.</param>
public sealed class NoBodyContent(bool saysLength) : HttpContent
{
    /// <summary>
    /// The request's own fields are being written; those of the content come after them. The client asks for the length again
    /// when it has written the head, and so before every attempt.
    /// </summary>
    public void OmitLength()
    {
        if (!saysLength)
        {
            Headers.Remove(HeaderNames.ContentLength);
        }
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Task.CompletedTask;

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return true;
    }
}
