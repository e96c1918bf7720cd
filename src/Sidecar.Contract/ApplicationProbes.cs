namespace Sidecar.Contract;

/// <summary>
/// How the kubelet's probes and hooks of the application reach it: the injector points them to
/// <c>:15120/app-health/&lt;container&gt;/&lt;probe&gt;</c> and hands the originals to the proxy in
/// <see cref="EnvironmentVariables.ApplicationProbes"/>, which performs them directly against the container.
/// </summary>
public static class ApplicationProbes
{
    /// <summary>Path on <see cref="Ports.Metrics"/>; a container's name, a slash and one of the names below follow.</summary>
    public const string PathPrefix = "/app-health/";

    /// <summary>A container's <c>livenessProbe</c>.</summary>
    public const string Liveness = "liveness";

    /// <summary>A container's <c>readinessProbe</c>.</summary>
    public const string Readiness = "readiness";

    /// <summary>A container's <c>startupProbe</c>.</summary>
    public const string Startup = "startup";

    /// <summary>A container's <c>lifecycle.postStart</c>.</summary>
    public const string PostStart = "post-start";

    /// <summary>A container's <c>lifecycle.preStop</c>.</summary>
    public const string PreStop = "pre-stop";
}
