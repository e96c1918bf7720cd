using Sidecar.Contract;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Checks;

/// <summary>Pods that are labelled for pod injection and lack a sidecar, in one namespace.</summary>
/// <param name="Count">How many.</param>
/// <param name="Names">The first of them.</param>
internal sealed record MissingSidecars(int Count, IReadOnlyList<string> Names);

/// <summary>Counts labelled pods without a sidecar: the only way to see what <c>failurePolicy: Ignore</c> lets through.</summary>
internal static class LabelledPods
{
    /// <summary>Most names that are kept for a namespace.</summary>
    public const int MaxNames = 10;

    private const int PageSize = 500;
    private const string KubeSystem = "kube-system";

    // Pods that have ended need nothing.
    private const string Living = "status.phase!=Succeeded,status.phase!=Failed";

    /// <summary>Lists them, a page at a time.</summary>
    /// <param name="api">The API server.</param>
    /// <param name="enabled">Namespaces whose label says enabled.</param>
    /// <param name="ownNamespace">The injector's own, where nothing is injected.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>By namespace; only those where one is missing.</returns>
    /// <exception cref="ApiException">Pods cannot be listed.</exception>
    public static async Task<IReadOnlyDictionary<string, MissingSidecars>> FindAsync(
        ApiClient api, IEnumerable<string> enabled, string ownNamespace, CancellationToken cancellationToken)
    {
        var found = new SortedDictionary<string, (int Count, List<string> Names)>(StringComparer.Ordinal);
        var never = new HashSet<string>(StringComparer.Ordinal) { KubeSystem, ownNamespace };
        var whole = enabled.Where(name => !never.Contains(name)).ToHashSet(StringComparer.Ordinal);
        foreach (var name in whole)
        {
            await ReadAsync($"/api/v1/namespaces/{Uri.EscapeDataString(name)}/pods", $"{Annotations.Inject} notin (disabled)", [], name);
        }

        // Where the namespace says enabled they were just counted.
        await ReadAsync("/api/v1/pods", $"{Annotations.Inject}=enabled", whole, @namespace: null);
        return found.ToDictionary(
            static item => item.Key, static item => new MissingSidecars(item.Value.Count, item.Value.Names), StringComparer.Ordinal);

        Task<string> ReadAsync(string path, string labels, HashSet<string> counted, string? @namespace) => PagedList.ReadAsync(
            api,
            path,
            $"fieldSelector={Uri.EscapeDataString(Living)}&labelSelector={Uri.EscapeDataString(labels)}",
            PageSize,
            pod =>
            {
                var place = @namespace ?? PodFacts.NamespaceOf(pod);
                if (counted.Contains(place) || never.Contains(place) || PodFacts.HasSidecar(pod) || PodFacts.IsExempt(pod))
                {
                    return;
                }

                var (count, names) = found.TryGetValue(place, out var known) ? known : (0, []);
                if (names.Count < MaxNames)
                {
                    names.Add(PodFacts.NameOf(pod));
                }

                found[place] = (count + 1, names);
            },
            cancellationToken);
    }
}
