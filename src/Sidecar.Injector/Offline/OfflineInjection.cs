using System.Text;
using System.Text.Json.Nodes;
using Sidecar.Contract;
using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Offline;

/// <summary>What happened to one workload of a manifest.</summary>
/// <param name="Template">The workload.</param>
/// <param name="Namespace">Where it was taken to run.</param>
/// <param name="Outcome">What injecting it came to.</param>
internal sealed record WorkloadReport(PodTemplate Template, string Namespace, InjectionOutcome Outcome);

/// <summary>What may be said about the cluster on a command line.</summary>
/// <param name="DefaultNamespace">Of objects that name none.</param>
/// <param name="Labels">Of every namespace.</param>
/// <param name="Annotations">Of every namespace.</param>
internal sealed record SimulatedNamespaces(string DefaultNamespace, IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string> Annotations);

/// <summary>
/// <c>inject</c> on a text: the same three steps as the webhook's, and the patch applied to the text. Who calls it asks for pod injection,
/// so a namespace counts as labelled unless the input, or the command line, says otherwise.
/// </summary>
internal sealed class OfflineInjection(PodInjection injection, SimulatedNamespaces simulated, bool nativeSidecarsSupported)
{
    private readonly Dictionary<string, NamespaceFacts> _namespaces = new(StringComparer.Ordinal);

    /// <summary>The manifest with its workloads injected, and what happened to each.</summary>
    /// <exception cref="YamlTextException">A document is not YAML.</exception>
    public (string Text, IReadOnlyList<WorkloadReport> Reports, IReadOnlyList<string> Notes) Inject(string text)
    {
        var pieces = Manifest.Split(text).Select(static piece => new ManifestPiece(piece)).ToArray();
        foreach (var piece in pieces)
        {
            Learn(piece.Json);
        }

        var result = new StringBuilder();
        var reports = new List<WorkloadReport>();
        var notes = new List<string>();
        foreach (var piece in pieces)
        {
            var patch = new List<JsonPatchOperation>();
            foreach (var template in PodTemplates.In(piece.Json))
            {
                var report = Inject(piece, template);
                reports.Add(report);
                patch.AddRange(report.Outcome.Patch.Select(operation => operation.Under(template.Path)));
            }

            result.Append(piece.Apply(patch, notes));
        }

        return (result.ToString(), reports, notes);
    }

    private WorkloadReport Inject(ManifestPiece piece, PodTemplate template)
    {
        var name = template.Namespace ?? simulated.DefaultNamespace;
        var context = new PodContext(name, Facts(name), OwnNamespace: null, nativeSidecarsSupported, template.Workload);
        return new WorkloadReport(template, name, injection.Inject(template.Pod, context, path => piece.TextAt(template.Path.Join(path))));
    }

    private NamespaceFacts Facts(string name) => _namespaces.GetValueOrDefault(name) ?? Facts(new Dictionary<string, string>(), new Dictionary<string, string>());

    private NamespaceFacts Facts(IReadOnlyDictionary<string, string> labels, IReadOnlyDictionary<string, string> annotations) => new(
        Over(Over(new Dictionary<string, string> { [Annotations.Inject] = "enabled" }, labels), simulated.Labels),
        Over(annotations, simulated.Annotations));

    // A Namespace in the same input is what the pods of it will meet.
    private void Learn(JsonNode? document)
    {
        if (document is JsonObject root && PodView.Text(root["kind"]) == "Namespace" && root["metadata"] is JsonObject metadata && PodView.Text(metadata["name"]) is { } name)
        {
            _namespaces[name] = Facts(PodView.Texts(metadata["labels"]), PodView.Texts(metadata["annotations"]));
        }
    }

    private static Dictionary<string, string> Over(IReadOnlyDictionary<string, string> below, IReadOnlyDictionary<string, string> above)
    {
        var merged = new Dictionary<string, string>(below, StringComparer.Ordinal);
        foreach (var (name, value) in above)
        {
            merged[name] = value;
        }

        return merged;
    }
}
