using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sidecar.Contract;
using Sidecar.Injector.Injection;
using Sidecar.Injector.Offline;

namespace Sidecar.Injector.Tests;

/// <summary>
/// Folders <c>golden/NAME</c>: <c>in.yaml</c> is a manifest, its Namespace is what the pod runs in; <c>settings.yaml</c> and
/// <c>native</c> (auto, always or never) may be beside it; <c>outcome.json</c> is what comes of it. <c>UPDATE_GOLDEN=1</c> rewrites the
/// latter; a new case is a new folder with <c>in.yaml</c>.
/// </summary>
internal static class GoldenCases
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string[] All { get; } = [.. Directory.EnumerateDirectories(Root()).Select(static folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    public static TheoryData<string> Names => [.. All];

    public static string Input(string name) => File.ReadAllText(Path.Combine(Root(), name, "in.yaml"));

    public static string? SettingsPath(string name) => File.Exists(Path.Combine(Root(), name, "settings.yaml")) ? Path.Combine(Root(), name, "settings.yaml") : null;

    public static string? Native(string name) => File.Exists(Path.Combine(Root(), name, "native")) ? File.ReadAllText(Path.Combine(Root(), name, "native")).Trim() : null;

    public static InjectorSettings Settings(string name)
    {
        var builtIn = InjectorSettings.BuiltIn("0.1.0");
        var (settings, problems) = SettingsPath(name) is { } path ? SettingsFile.Read("settings.yaml", File.ReadAllText(path), builtIn) : (builtIn, []);
        Assert.Empty(problems);
        return Native(name) switch
        {
            "never" => settings! with { NativeSidecar = NativeSidecarMode.Never },
            "always" => settings! with { NativeSidecar = NativeSidecarMode.Always },
            _ => settings!,
        };
    }

    /// <summary>The pod as the webhook would meet it, and its surroundings.</summary>
    public static (PodTemplate Template, PodContext Context) Pod(string name)
    {
        var documents = Manifest.Split(Input(name)).Select(static piece => new ManifestPiece(piece).Json).ToArray();
        var facts = documents.OfType<JsonObject>().FirstOrDefault(static document => PodView.Text(document["kind"]) == "Namespace")?["metadata"];
        var labels = PodView.Texts(facts?["labels"]).ToDictionary();
        labels.TryAdd(Annotations.Inject, "enabled");
        var template = documents.SelectMany(PodTemplates.In).First();
        return (template, new PodContext(template.Namespace ?? "default", new NamespaceFacts(labels, PodView.Texts(facts?["annotations"])), "sidecar-system", NativeSidecarsSupported: true, template.Workload));
    }

    public static InjectionOutcome Inject(string name)
    {
        var (template, context) = Pod(name);
        return new PodInjection(Settings(name), "0.1.0").Inject(template.Pod, context);
    }

    public static string Describe(InjectionOutcome outcome) => $"{new JsonObject
    {
        ["decision"] = outcome.Skipped is null ? "injected" : "skipped",
        ["reason"] = outcome.Reason,
        ["warnings"] = new JsonArray([.. outcome.Warnings.Select(static warning => (JsonNode)warning)]),
        ["patch"] = JsonNode.Parse(JsonPatchOperation.Write(outcome.Patch)),
    }.ToJsonString(Readable)}\n";

    public static void Verify(string name, string file, string actual)
    {
        var path = Path.Combine(Root(), name, file);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, actual);
        }

        Assert.Equal(File.ReadAllText(path), actual);
    }

    private static string Root([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "golden");
}
