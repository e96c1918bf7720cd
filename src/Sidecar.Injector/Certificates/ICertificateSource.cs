namespace Sidecar.Injector.Certificates;

/// <summary>Where the served certificate comes from.</summary>
internal interface ICertificateSource
{
    /// <summary>Looks once, and does what is due: loads, makes, stores, publishes, serves. Never throws for what the world does.</summary>
    /// <returns>When to look again.</returns>
    Task<TimeSpan> CycleAsync(CancellationToken cancellationToken);
}
