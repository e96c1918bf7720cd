namespace Sidecar.Contract;

/// <summary>The fixed ports of a pod.</summary>
public static class Ports
{
    /// <summary>Controls; loopback only.</summary>
    public const int Admin = 15100;

    /// <summary>Intercepted traffic that leaves the application.</summary>
    public const int Outbound = 15101;

    /// <summary>Intercepted traffic that reaches the application.</summary>
    public const int Inbound = 15106;

    /// <summary>Metrics, probes and rewritten application probes; visible in the pod network.</summary>
    public const int Metrics = 15120;
}
