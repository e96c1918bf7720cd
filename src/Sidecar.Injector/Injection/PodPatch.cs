using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Sidecar.Contract;

namespace Sidecar.Injector.Injection;

/// <summary>
/// Step three: targeted operations, in the order in which they are applied. Nothing that is there is written again except
/// handlers of probes and hooks.
/// </summary>
public static class PodPatch
{
    private const string ScrapePrefix = "prometheus.io/";

    /// <summary>The operations.</summary>
    /// <param name="pod">The pod; not changed.</param>
    /// <param name="form">What it gets.</param>
    /// <param name="version">Of this program.</param>
    /// <param name="textAt">How a value is written, where a text is edited; else null.</param>
    public static IReadOnlyList<JsonPatchOperation> Of(PodView pod, SidecarForm form, string version, Func<JsonPointer, string?>? textAt = null)
    {
        // Without interception the kubelet reaches the application as it did.
        ImmutableArray<ProbeRewrite> rewrites = form.Settings.IsIntercepted ? [.. ProbeRewrites.Of(pod, form.IsNative)] : [];
        JsonObject[] volumes = [.. SidecarVolumes.Of(form.Settings)];
        var annotations = Scrape(pod);
        var proxy = ProxyContainer.Of(form, Told(rewrites));
        var (before, after) = InitContainers(form, proxy);

        var lists = new[] { ("initContainers", before.Length + after.Length), ("volumes", volumes.Length) };
        var status = new InjectionStatus
        {
            Version = version,
            IsNative = form.IsNative,
            IsIntercepted = form.Settings.IsIntercepted,
            Made = Made(pod, lists),
            Nulls = Nulls(pod, lists, textAt),
            Volumes = [.. volumes.Select(static volume => PodView.Text(volume["name"])!)],
            AddedAnnotations = annotations.ToImmutableSortedDictionary(StringComparer.Ordinal),
            Originals = rewrites.ToDictionary(
                static rewrite => rewrite.Id,
                rewrite => new OriginalProbe(rewrite.IsWholeProbe, rewrite.Original, textAt?.Invoke(rewrite.Path))),
        };

        List<JsonPatchOperation> patch = [.. rewrites.Select(static rewrite => JsonPatchOperation.Replace(rewrite.Path, rewrite.Replacement))];
        if (!form.IsNative)
        {
            patch.Add(JsonPatchOperation.Add(JsonPointer.Of("spec", "containers", "0"), proxy));
        }

        patch.AddRange(Insert(pod, "initContainers", before, after));
        patch.AddRange(Insert(pod, "volumes", [], volumes));
        patch.AddRange(Annotate(pod, annotations, status));
        return patch;
    }

    // Native: before everything else, so that the application's own init containers have a network. Plain: an init container
    // before the proxy would find redirect rules and nobody behind them, so the rules come last.
    private static (JsonObject[] Before, JsonObject[] After) InitContainers(SidecarForm form, JsonObject proxy)
    {
        JsonObject[] init = form.Settings.IsIntercepted ? [InitContainer.Of(form)] : [];
        return form.IsNative ? ([.. init, proxy], []) : ([], init);
    }

    private static IEnumerable<JsonPatchOperation> Insert(PodView pod, string list, JsonObject[] before, JsonObject[] after)
    {
        var path = JsonPointer.Of("spec", list);
        if (before.Length + after.Length == 0)
        {
            yield break;
        }

        if (pod.Spec![list] is not JsonArray)
        {
            yield return JsonPatchOperation.Add(path, new JsonArray([.. before, .. after]));
            yield break;
        }

        for (var index = 0; index < before.Length; index++)
        {
            yield return JsonPatchOperation.Add(path.Add(index), before[index]);
        }

        foreach (var item in after)
        {
            yield return JsonPatchOperation.Add(path.Add("-"), item);
        }
    }

    // All or none: half of ours beside half of theirs would scrape a port that is neither's.
    private static Dictionary<string, string> Scrape(PodView pod) =>
        pod.Annotations.Keys.Any(static name => name.StartsWith(ScrapePrefix, StringComparison.Ordinal))
            ? []
            : new Dictionary<string, string>(StringComparer.Ordinal)
            {
                [$"{ScrapePrefix}scrape"] = "true",
                [$"{ScrapePrefix}port"] = Ports.Metrics.ToString(CultureInfo.InvariantCulture),
                [$"{ScrapePrefix}path"] = "/metrics",
            };

    private static IEnumerable<JsonPatchOperation> Annotate(PodView pod, Dictionary<string, string> annotations, InjectionStatus status)
    {
        var all = new JsonObject();
        foreach (var (name, value) in annotations)
        {
            all[name] = value;
        }

        all[Annotations.Status] = status.Write();
        if (pod.Metadata is null)
        {
            yield return JsonPatchOperation.Add(JsonPointer.Of("metadata"), new JsonObject { ["annotations"] = all });
        }
        else if (pod.Metadata["annotations"] is not JsonObject)
        {
            yield return JsonPatchOperation.Add(JsonPointer.Of("metadata", "annotations"), all);
        }
        else
        {
            foreach (var (name, value) in all)
            {
                yield return JsonPatchOperation.Add(JsonPointer.Of("metadata", "annotations", name), value!.DeepClone());
            }
        }
    }

    private static JsonObject Told(ImmutableArray<ProbeRewrite> rewrites)
    {
        var told = new JsonObject();
        foreach (var rewrite in rewrites)
        {
            told[rewrite.Id] = rewrite.Resolved;
        }

        return told;
    }

    private static ImmutableArray<string> Made(PodView pod, (string Name, int Added)[] lists) =>
    [
        .. pod.Root.ContainsKey("metadata") ? [] : (string[])["metadata"],
        .. pod.Metadata?.ContainsKey("annotations") == true ? [] : (string[])["annotations"],
        .. lists.Where(list => list.Added > 0 && !pod.Spec!.ContainsKey(list.Name)).Select(static list => list.Name),
    ];

    private static Dictionary<string, string> Nulls(PodView pod, (string Name, int Added)[] lists, Func<JsonPointer, string?>? textAt)
    {
        var nulls = new Dictionary<string, string>(StringComparer.Ordinal);
        Note(pod.Root, "metadata", JsonPointer.Root);
        Note(pod.Metadata, "annotations", JsonPointer.Of("metadata"));
        foreach (var (name, added) in lists)
        {
            if (added > 0)
            {
                Note(pod.Spec, name, JsonPointer.Of("spec"));
            }
        }

        return nulls;

        void Note(JsonObject? parent, string key, JsonPointer path)
        {
            if (parent is not null && parent.ContainsKey(key) && parent[key] is null)
            {
                nulls[key] = textAt?.Invoke(path.Add(key)) ?? "null";
            }
        }
    }
}
