namespace Sidecar.Contract;

/// <summary>Every environment variable the product reads under its own name. The standard <c>OTEL_*</c> ones are read by telemetry.</summary>
public static class EnvironmentVariables
{
    /// <summary>Namespace of the pod; resolves the short form of <c>match.service</c>. Default: first search domain of resolv.conf.</summary>
    public const string Namespace = "SIDECAR_NAMESPACE";

    /// <summary>Number of socket event loops. Default: ⌈CPU quota⌉ when there is a quota, else min(2, cores).</summary>
    public const string EventLoops = "SIDECAR_EVENT_LOOPS";
}
