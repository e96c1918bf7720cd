namespace Sidecar.Injector.Certificates;

/// <summary>What <c>/metrics</c> tells about certificates. Thread-safe.</summary>
public sealed class CertificateStatus
{
    private long _rotations;
    private long _errors;
    private long _patches;
    private long _authorityExpiresAt;

    /// <summary>Serving certificates taken into use after the first.</summary>
    public long Rotations => Interlocked.Read(ref _rotations);

    /// <summary>Cycles that failed: something could not be read, made, stored, published or loaded.</summary>
    public long Errors => Interlocked.Read(ref _errors);

    /// <summary>Times that caBundle was written.</summary>
    public long Patches => Interlocked.Read(ref _patches);

    /// <summary>Until when the authority is valid that trust depends on, in Unix seconds; 0 when not known.</summary>
    public long AuthorityExpiresAt => Interlocked.Read(ref _authorityExpiresAt);

    internal void CountRotation() => Interlocked.Increment(ref _rotations);

    internal void CountError() => Interlocked.Increment(ref _errors);

    internal void CountPatch() => Interlocked.Increment(ref _patches);

    internal void SetAuthority(CertificateFacts? authority) => Interlocked.Exchange(ref _authorityExpiresAt, authority?.NotAfter.ToUnixTimeSeconds() ?? 0);
}
