using System.Net.Http;

namespace Sidecar.Proxy.Upstream;

/// <summary>
/// A body that waits for <c>100 Continue</c> and is refused. The client sends a small one all the same, to keep its connection;
/// but the caller has heard nothing that would make it say its body, and both would wait for each other. Of a body whose length
/// it does not know the client expects nothing more: so when a refusal begins to come, the length is taken back. The head that
/// announces it has been written long before.
/// </summary>
internal static class ExpectedBody
{
    // "HTTP/1.1 417".
    private const int StatusAt = 9, StatusLength = 3;

    /// <summary>The first bytes of a response.</summary>
    /// <param name="response">As many as came.</param>
    /// <param name="request">What it answers; null when the client waits no more.</param>
    public static void OnResponse(ReadOnlySpan<byte> response, HttpRequestMessage? request)
    {
        if (request is { Content: not null, Headers.ExpectContinue: true } && response.Length >= StatusAt + StatusLength && response[StatusAt] is >= (byte)'3' and <= (byte)'9')
        {
            request.Content.Headers.ContentLength = null;
        }
    }
}
