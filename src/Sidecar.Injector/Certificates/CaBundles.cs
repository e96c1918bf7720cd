using System.Collections.Immutable;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Certificates;

/// <summary>The two webhook configurations of one name, and what they trust.</summary>
/// <param name="api">The API server.</param>
/// <param name="name">Name of both configurations.</param>
/// <param name="settle">How long after a change every API server has noticed it.</param>
/// <param name="time">The clock.</param>
internal sealed class CaBundles(ApiClient api, string name, TimeSpan settle, TimeProvider time)
{
    private const string Group = "/apis/admissionregistration.k8s.io/v1";
    private const string JsonPatch = "application/json-patch+json";

    private readonly Dictionary<string, DateTimeOffset> _trustedSince = new(StringComparer.Ordinal);
    private bool _isNobodyCalling;

    /// <summary>Paths of the two.</summary>
    public static ImmutableArray<string> Paths(string name) =>
    [
        $"{Group}/mutatingwebhookconfigurations/{Uri.EscapeDataString(name)}",
        $"{Group}/validatingwebhookconfigurations/{Uri.EscapeDataString(name)}",
    ];

    /// <summary>Reads those that exist, and remembers since when which authority is trusted.</summary>
    /// <exception cref="ApiException">They cannot be read.</exception>
    public async Task<ImmutableArray<WebhookConfiguration>> ReadAsync(CancellationToken cancellationToken)
    {
        var found = ImmutableArray.CreateBuilder<WebhookConfiguration>();
        foreach (var path in Paths(name))
        {
            try
            {
                using var answer = await api.GetAsync(path, cancellationToken);
                if (WebhookConfiguration.Read(path, answer.RootElement) is { Bundles.IsEmpty: false } configuration)
                {
                    found.Add(configuration);
                }
            }
            catch (ApiException e) when (e.IsNotFound)
            {
                // One of the two may be switched off, or not be installed yet.
            }
        }

        Observe(found.ToImmutable());
        return found.ToImmutable();
    }

    /// <summary>Has every caller trusted this authority for long enough? True when there is nobody to call.</summary>
    public bool IsSettled(CertificateFacts authority) =>
        _isNobodyCalling
        || (_trustedSince.TryGetValue(authority.Fingerprint, out var since) && time.GetUtcNow() - since >= settle);

    /// <summary>Writes the bundle where it differs.</summary>
    /// <returns>Paths that were written; null when somebody else changed one in between: read again.</returns>
    /// <exception cref="ApiException">It cannot be written.</exception>
    public async Task<IReadOnlyList<string>?> PublishAsync(
        ImmutableArray<WebhookConfiguration> configurations, Func<WebhookConfiguration, string> bundle, CancellationToken cancellationToken)
    {
        var written = new List<string>();
        foreach (var configuration in configurations)
        {
            if (configuration.PatchTo(bundle(configuration)) is not { } patch)
            {
                continue;
            }

            try
            {
                using var _ = await api.SendAsync(HttpMethod.Patch, configuration.Path, JsonPatch, patch, cancellationToken);
                written.Add(configuration.Path);
            }
            catch (ApiException e) when (e.IsConflict)
            {
                return null;
            }
        }

        return written;
    }

    private void Observe(ImmutableArray<WebhookConfiguration> configurations)
    {
        _isNobodyCalling = configurations.IsEmpty;
        var now = time.GetUtcNow();
        var trusted = configurations.IsEmpty
            ? []
            : configurations.Select(static configuration => configuration.Trusted).Aggregate(static (all, next) => all.Intersect(next)).Select(static facts => facts.Fingerprint).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in _trustedSince.Keys.Where(fingerprint => !trusted.Contains(fingerprint)).ToList())
        {
            _trustedSince.Remove(gone);
        }

        foreach (var fingerprint in trusted)
        {
            _trustedSince.TryAdd(fingerprint, now);
        }
    }
}
