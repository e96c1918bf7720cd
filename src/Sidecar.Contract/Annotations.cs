namespace Sidecar.Contract;

/// <summary>Pod annotations, and the label that asks for pod injection (PRODUCT §5).</summary>
public static class Annotations
{
    /// <summary>What every name of ours starts with.</summary>
    public const string Prefix = "sidecarproxy.io/";

    /// <summary>Label of a namespace or pod: <c>enabled</c> or <c>disabled</c>; the pod wins.</summary>
    public const string Inject = Prefix + "inject";

    /// <summary>Destination ports that are not redirected to the proxy: <c>25,3000-3010</c>.</summary>
    public const string SkipOutboundPorts = Prefix + "skip-outbound-ports";

    /// <summary>Ports of the pod that arrive at the application without the proxy: <c>25,3000-3010</c>.</summary>
    public const string SkipInboundPorts = Prefix + "skip-inbound-ports";

    /// <summary>Destination networks that are not redirected, IPv4 and IPv6: <c>10.0.0.0/8,fd00::/8</c>.</summary>
    public const string SkipOutboundCidrs = Prefix + "skip-outbound-cidrs";

    /// <summary>Ports whose bytes are carried, not parsed: <c>25,3000-3010</c>.</summary>
    public const string OpaquePorts = Prefix + "opaque-ports";

    /// <summary>What configures this pod's proxy beside the ConfigMaps that every pod of its namespace mounts.</summary>
    public const string Config = Prefix + "config";

    /// <summary>Log level of the proxy.</summary>
    public const string LogLevel = Prefix + "log-level";

    /// <summary>CPU request of the proxy's container.</summary>
    public const string CpuRequest = Prefix + "cpu-request";

    /// <summary>Memory request of the proxy's container.</summary>
    public const string MemoryRequest = Prefix + "memory-request";

    /// <summary>Memory limit of the proxy's container.</summary>
    public const string MemoryLimit = Prefix + "memory-limit";

    /// <summary><c>none</c>: no redirect rules; the application talks to the reverse listener.</summary>
    public const string Interception = Prefix + "interception";

    /// <summary>Written by the injector: what it did.</summary>
    public const string Status = Prefix + "status";
}
