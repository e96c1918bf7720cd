using System.Globalization;

namespace Sidecar.Injector.Kubernetes;

/// <summary>Major and minor of a Kubernetes component.</summary>
public readonly record struct KubernetesVersion(int Major, int Minor) : IComparable<KubernetesVersion>
{
    /// <summary>Reads <c>v1.32.0</c>, <c>v1.29.3-gke.1</c>, <c>1.30+</c>; null for anything else.</summary>
    public static KubernetesVersion? Parse(string? text)
    {
        var rest = text.AsSpan().TrimStart('v');
        var dot = rest.IndexOf('.');
        if (dot <= 0)
        {
            return null;
        }

        var minor = rest[(dot + 1)..];
        var end = minor.IndexOfAnyExceptInRange('0', '9');
        minor = end < 0 ? minor : minor[..end];
        return int.TryParse(rest[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            && int.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new KubernetesVersion(major, number)
            : null;
    }

    /// <summary>Earlier or later.</summary>
    public static bool operator <(KubernetesVersion left, KubernetesVersion right) => left.CompareTo(right) < 0;

    /// <summary>Earlier or later.</summary>
    public static bool operator >(KubernetesVersion left, KubernetesVersion right) => left.CompareTo(right) > 0;

    /// <summary>Earlier or later.</summary>
    public static bool operator <=(KubernetesVersion left, KubernetesVersion right) => left.CompareTo(right) <= 0;

    /// <summary>Earlier or later.</summary>
    public static bool operator >=(KubernetesVersion left, KubernetesVersion right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public int CompareTo(KubernetesVersion other) => Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}");
}

/// <summary>Are init containers with <c>restartPolicy: Always</c> safe in this cluster? (PRODUCT §5)</summary>
public static class VersionRule
{
    /// <summary>From here on every kubelet the API server may have is new enough: they lag behind by three minors at most.</summary>
    public static KubernetesVersion ApiServer { get; } = new(1, 32);

    /// <summary>The first kubelet, and API server, with native sidecars switched on.</summary>
    public static KubernetesVersion Kubelet { get; } = new(1, 29);

    /// <summary>Must nodes be looked at?</summary>
    public static bool NeedsNodes(KubernetesVersion? api) => api is not { } version || version < ApiServer;

    /// <summary>
    /// The answer. Whatever is not known counts as old: the plain container works everywhere, while an API server that does not
    /// know the field drops it and leaves an init container that never ends.
    /// </summary>
    /// <param name="api">The API server's version; null when not known.</param>
    /// <param name="nodes">Every node; null when not known.</param>
    public static bool IsNative(KubernetesVersion? api, IReadOnlyCollection<NodeFacts>? nodes) =>
        api is { } version
        && (version >= ApiServer
            || (version >= Kubelet && nodes is { Count: > 0 } && nodes.All(static node => KubernetesVersion.Parse(node.KubeletVersion) >= Kubelet)));
}
