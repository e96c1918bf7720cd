namespace Sidecar.Contract;

/// <summary>Names of what pod injection adds to a pod, and of the ConfigMaps that configure its proxy (PRODUCT §5).</summary>
public static class PodNames
{
    /// <summary>The proxy's container.</summary>
    public const string ProxyContainer = "sidecar-proxy";

    /// <summary>The init container that writes the redirect rules.</summary>
    public const string InitContainer = "sidecar-init";

    /// <summary>ConfigMap that the platform's chart renders for a namespace; optional.</summary>
    public const string PlatformConfigMap = "sidecar-platform";

    /// <summary>ConfigMap that the namespace's own chart renders; optional, overrides the platform's by id.</summary>
    public const string PoliciesConfigMap = "sidecar-policies";

    /// <summary>Key of the configuration document in either ConfigMap.</summary>
    public const string DocumentKey = "sidecar.yaml";

    /// <summary>Label, <c>"true"</c>, of ConfigMaps that hold such a document: they are validated when they are applied.</summary>
    public const string DocumentLabel = Annotations.Prefix + "document";

    /// <summary>Volume of <see cref="PlatformConfigMap"/>.</summary>
    public const string PlatformVolume = "sidecar-platform";

    /// <summary>Volume of <see cref="PoliciesConfigMap"/>.</summary>
    public const string PoliciesVolume = "sidecar-policies";

    /// <summary>Volume of the ConfigMap that the annotation <see cref="Annotations.Config"/> names; only where it does.</summary>
    public const string ConfigVolume = "sidecar-config";

    /// <summary>emptyDir that keeps the last accepted configuration over a restart of the container.</summary>
    public const string StateVolume = "sidecar-state";

    /// <summary>Where <see cref="PlatformVolume"/> is mounted.</summary>
    public const string PlatformPath = "/etc/sidecar/platform";

    /// <summary>Where <see cref="PoliciesVolume"/> is mounted.</summary>
    public const string PoliciesPath = "/etc/sidecar/policies";

    /// <summary>Where <see cref="ConfigVolume"/> is mounted.</summary>
    public const string ConfigPath = "/etc/sidecar/config";

    /// <summary>Where <see cref="StateVolume"/> is mounted.</summary>
    public const string StatePath = "/var/lib/sidecar";
}
