using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sidecar.Contract;

namespace Sidecar.Injector.Injection;

/// <summary>A probe or hook that was rewritten.</summary>
/// <param name="IsWholeProbe">A whole probe was replaced, not an <c>httpGet</c>.</param>
/// <param name="Value">What stood there.</param>
/// <param name="Text">As it was written, where a text was edited; with its comments.</param>
public sealed record OriginalProbe(bool IsWholeProbe, JsonObject Value, string? Text);

/// <summary>The annotation <c>sidecarproxy.io/status</c>: what was done, and what is needed to take it back.</summary>
public sealed record InjectionStatus
{
    /// <summary>Of the injector.</summary>
    public required string Version { get; init; }

    /// <summary>Native or plain.</summary>
    public required bool IsNative { get; init; }

    /// <summary>Redirected or not.</summary>
    public required bool IsIntercepted { get; init; }

    /// <summary>Members that were not there before: <c>metadata</c>, <c>annotations</c>, <c>initContainers</c>, <c>volumes</c>.</summary>
    public required ImmutableArray<string> Made { get; init; }

    /// <summary>Members that were there without a value, and how that was written.</summary>
    public required IReadOnlyDictionary<string, string> Nulls { get; init; }

    /// <summary>Volumes that were added.</summary>
    public required ImmutableArray<string> Volumes { get; init; }

    /// <summary>Annotations that were added beside this one.</summary>
    public required IReadOnlyDictionary<string, string> AddedAnnotations { get; init; }

    /// <summary>Probes and hooks by <c>container/probe</c>.</summary>
    public required IReadOnlyDictionary<string, OriginalProbe> Originals { get; init; }

    /// <summary>The annotation's value.</summary>
    public string Write()
    {
        var status = new JsonObject
        {
            ["version"] = Version,
            ["form"] = IsNative ? "native" : "plain",
            ["interception"] = IsIntercepted ? "redirect" : "none",
            ["made"] = new JsonArray([.. Made.Select(static name => (JsonNode)name)]),
            ["volumes"] = new JsonArray([.. Volumes.Select(static name => (JsonNode)name)]),
            ["annotations"] = Map(AddedAnnotations),
        };
        if (Nulls.Count > 0)
        {
            status["nulls"] = Map(Nulls);
        }

        if (Originals.Count > 0)
        {
            var originals = new JsonObject();
            foreach (var (id, original) in Originals)
            {
                var entry = new JsonObject { [original.IsWholeProbe ? "probe" : "httpGet"] = original.Value.DeepClone() };
                if (original.Text is not null)
                {
                    entry["text"] = original.Text;
                }

                originals[id] = entry;
            }

            status["originals"] = originals;
        }

        return PlainJson.Write(status);
    }

    /// <summary>Reads it; null when it is not one of ours. Anybody may have written it.</summary>
    public static InjectionStatus? Read(PodView pod)
    {
        if (!pod.Annotations.TryGetValue(Annotations.Status, out var text))
        {
            return null;
        }

        JsonObject? status;
        try
        {
            status = StrictJson.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }

        return status is null || PodView.Text(status["version"]) is not { } version
            ? null
            : new InjectionStatus
            {
                Version = version,
                IsNative = PodView.Text(status["form"]) == "native",
                IsIntercepted = PodView.Text(status["interception"]) == "redirect",
                Made = Names(status["made"]),
                Nulls = PodView.Texts(status["nulls"]),
                Volumes = Names(status["volumes"]),
                AddedAnnotations = PodView.Texts(status["annotations"]),
                Originals = ReadOriginals(status["originals"] as JsonObject ?? []),
            };
    }

    private static Dictionary<string, OriginalProbe> ReadOriginals(JsonObject originals)
    {
        var read = new Dictionary<string, OriginalProbe>(StringComparer.Ordinal);
        foreach (var (id, entry) in originals)
        {
            if ((entry as JsonObject)?["probe"] is JsonObject probe)
            {
                read[id] = new OriginalProbe(IsWholeProbe: true, probe, PodView.Text(entry["text"]));
            }
            else if ((entry as JsonObject)?["httpGet"] is JsonObject handler)
            {
                read[id] = new OriginalProbe(IsWholeProbe: false, handler, PodView.Text(entry["text"]));
            }
        }

        return read;
    }

    private static JsonObject Map(IReadOnlyDictionary<string, string> texts)
    {
        var map = new JsonObject();
        foreach (var (name, value) in texts)
        {
            map[name] = value;
        }

        return map;
    }

    private static ImmutableArray<string> Names(JsonNode? list) => [.. (list as JsonArray ?? []).Select(PodView.Text).OfType<string>()];
}
