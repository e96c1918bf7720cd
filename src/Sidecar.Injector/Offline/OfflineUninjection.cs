using System.Text;
using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Offline;

/// <summary><c>uninject</c> on a text: what <c>inject</c> did is taken out again, to the last character where nothing was changed since.</summary>
internal static class OfflineUninjection
{
    /// <summary>The manifest without its sidecars, and the workloads that had one.</summary>
    /// <exception cref="YamlTextException">A document is not YAML.</exception>
    public static (string Text, IReadOnlyList<PodTemplate> Restored, IReadOnlyList<string> Notes) Uninject(string text)
    {
        var result = new StringBuilder();
        var restored = new List<PodTemplate>();
        var notes = new List<string>();
        foreach (var piece in Manifest.Split(text).Select(static piece => new ManifestPiece(piece)))
        {
            var patch = new List<JsonPatchOperation>();
            foreach (var template in PodTemplates.In(piece.Json))
            {
                var operations = Uninjection.Of(template.Pod);
                patch.AddRange(operations.Select(operation => operation.Under(template.Path)));
                if (operations.Count > 0)
                {
                    restored.Add(template);
                }
            }

            result.Append(piece.Apply(patch, notes));
        }

        return (result.ToString(), restored, notes);
    }
}
