using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Control;

/// <summary>Without an API server nothing is known: defaults apply, and the plain container, which works everywhere.</summary>
internal sealed class NoCluster : IClusterView
{
    /// <summary>The one.</summary>
    public static NoCluster Instance { get; } = new();

    /// <inheritdoc/>
    public bool NativeSidecarsSupported => false;

    /// <inheritdoc/>
    public NamespaceFacts? Namespace(string name) => null;
}
