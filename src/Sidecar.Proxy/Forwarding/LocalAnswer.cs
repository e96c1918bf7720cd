using System.Net;
using System.Net.Http;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// What the policy handler gives Yarp when there is no upstream response to pass on: a failure is a value, no exception
/// is thrown for it. The transformer recognises it, lets Yarp end, and the rescue layer writes the answer.
/// </summary>
public sealed class LocalAnswer : HttpResponseMessage
{
    /// <summary>The status is only a placeholder.</summary>
    public LocalAnswer()
        : base(HttpStatusCode.ServiceUnavailable)
    {
    }
}
