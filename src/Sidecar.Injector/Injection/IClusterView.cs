namespace Sidecar.Injector.Injection;

/// <summary>What is known of the cluster without asking it during a decision.</summary>
public interface IClusterView
{
    /// <summary>A namespace; null when it is not cached yet: then only defaults apply, with the warning <c>namespace-unknown</c>.</summary>
    NamespaceFacts? Namespace(string name);

    /// <summary>Every node can run an init container with <c>restartPolicy: Always</c> (PRODUCT §5's version rule).</summary>
    bool NativeSidecarsSupported { get; }
}

/// <summary>What a decision needs of a namespace.</summary>
/// <param name="Labels">Its labels.</param>
/// <param name="Annotations">Its annotations.</param>
public sealed record NamespaceFacts(IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string> Annotations);
