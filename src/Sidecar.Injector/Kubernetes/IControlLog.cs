namespace Sidecar.Injector.Kubernetes;

/// <summary>How loud an event is.</summary>
public enum ControlLevel
{
    /// <summary>What happened, for the record.</summary>
    Info,

    /// <summary>Something is missing and the injector goes on without it.</summary>
    Warning,

    /// <summary>Somebody must act.</summary>
    Error,
}

/// <summary>Where the control side says what happened; the process writes it as one JSON line. Thread-safe.</summary>
public interface IControlLog
{
    /// <summary>One event.</summary>
    /// <param name="level">How loud.</param>
    /// <param name="name">One of <see cref="ControlEvents"/>.</param>
    /// <param name="message">One sentence; holds no secret and no text of unbounded length.</param>
    void Write(ControlLevel level, string name, string message);
}

/// <summary>Every event name of the control side: a closed list, so that alerts and searches can rely on it.</summary>
public static class ControlEvents
{
    /// <summary>A list or watch fails, or works again.</summary>
    public const string ApiUnavailable = "api-unavailable";

    /// <summary>What was failing works again.</summary>
    public const string ApiAvailable = "api-available";

    /// <summary>The API server refuses what the ServiceAccount may not do.</summary>
    public const string ApiForbidden = "api-forbidden";

    /// <summary>Native sidecars became usable, or unusable.</summary>
    public const string NativeSidecars = "native-sidecars";

    /// <summary>An authority or a serving certificate was made or replaced.</summary>
    public const string CertificateRotated = "certificate-rotated";

    /// <summary>Another certificate is served from now on.</summary>
    public const string CertificateServed = "certificate-served";

    /// <summary>The certificate cannot be read, made, stored or loaded.</summary>
    public const string CertificateFailed = "certificate-failed";

    /// <summary>caBundle was written into a webhook configuration.</summary>
    public const string CaBundlePatched = "ca-bundle-patched";

    /// <summary>caBundle cannot be written.</summary>
    public const string CaBundleFailed = "ca-bundle-failed";
}
