using System.Collections.Immutable;

namespace Sidecar.Injector.Injection;

/// <summary>Why a pod is not injected: a closed list, the same words in the warning, the log, the metric and <c>explain</c>.</summary>
/// <param name="Word">Kebab case; never changed, alerts select by it.</param>
/// <param name="Meaning">One sentence.</param>
public sealed record SkipReason(string Word, string Meaning)
{
    /// <summary>The injector's own namespace.</summary>
    public static SkipReason OwnNamespace { get; } = new("own-namespace", "pods of the injector's own namespace are never injected");

    /// <summary>kube-system.</summary>
    public static SkipReason KubeSystem { get; } = new("kube-system", "pods of kube-system are never injected");

    /// <summary>Nobody asked.</summary>
    public static SkipReason NotLabelled { get; } = new("not-labelled", "neither the pod nor its namespace asks for pod injection");

    /// <summary>Asked not to.</summary>
    public static SkipReason OptedOut { get; } = new("opted-out", "the label says disabled");

    /// <summary>A label value that means nothing.</summary>
    public static SkipReason UnknownLabelValue { get; } = new("unknown-label-value", "the label is neither enabled nor disabled");

    /// <summary>Our containers are there.</summary>
    public static SkipReason AlreadyInjected { get; } = new("already-injected", "the pod has the sidecar");

    /// <summary>Not the shape of a pod.</summary>
    public static SkipReason MalformedPod { get; } = new("malformed-pod", "the object is not a pod that the API server would accept");

    /// <summary>Windows.</summary>
    public static SkipReason Windows { get; } = new("windows", "the pod runs on Windows");

    /// <summary>The node's network.</summary>
    public static SkipReason HostNetwork { get; } = new("host-network", "the pod uses the node's network, whose traffic is not ours to redirect");

    /// <summary>A port of the node.</summary>
    public static SkipReason HostPort { get; } = new("host-port", "a container takes a port of the node");

    /// <summary>Another mesh.</summary>
    public static SkipReason OtherMesh { get; } = new("other-mesh", "another mesh's proxy is in the pod");

    /// <summary>The proxy's user.</summary>
    public static SkipReason UidClash { get; } = new("uid-clash", "a container runs as the proxy's user and group, so its connections would bypass the proxy");

    /// <summary>A volume of our name.</summary>
    public static SkipReason NameClash { get; } = new("name-clash", "a volume of the pod has a name that the sidecar needs");

    /// <summary>A port of ours.</summary>
    public static SkipReason PortClash { get; } = new("port-clash", "a container listens on a port that the sidecar needs");

    /// <summary>Pod Security.</summary>
    public static SkipReason PodSecurity { get; } = new("pod-security", "the namespace's Pod Security level refuses the init container");

    /// <summary>An annotation that cannot be obeyed.</summary>
    public static SkipReason InvalidAnnotation { get; } = new("invalid-annotation", "an annotation cannot be obeyed, and guessing what was meant could break the application");

    /// <summary>All of them.</summary>
    public static ImmutableArray<SkipReason> All { get; } =
    [
        OwnNamespace, KubeSystem, NotLabelled, OptedOut, UnknownLabelValue, AlreadyInjected, MalformedPod, Windows, HostNetwork, HostPort, OtherMesh,
        UidClash, NameClash, PortClash, PodSecurity, InvalidAnnotation,
    ];

    /// <inheritdoc/>
    public override string ToString() => Word;
}
