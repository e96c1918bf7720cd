using Microsoft.AspNetCore.Http.Features;

namespace Sidecar.Proxy.Tests.Rescue;

/// <summary>Of a request in a test: remembers that it was aborted, which the default feature does not.</summary>
internal sealed class AbortedLifetime : IHttpRequestLifetimeFeature
{
    public bool IsAborted { get; private set; }

    public CancellationToken RequestAborted { get; set; }

    public void Abort() => IsAborted = true;
}
