using System.Text.Json.Nodes;

namespace Sidecar.Injector.Admission;

/// <summary>Decides on ConfigMaps that hold configuration documents (POST /validate).</summary>
public interface IDocumentValidator
{
    /// <summary>Judges one ConfigMap; pure, no call to anything. The object is hostile.</summary>
    /// <param name="namespaceName">Where it is to be stored, from the review.</param>
    /// <param name="configMap">The whole object.</param>
    DocumentVerdict Validate(string namespaceName, JsonObject configMap);
}

/// <summary>What was decided about a ConfigMap.</summary>
/// <param name="Refusal">Null: it may be stored. Else every error, for whoever applies it.</param>
/// <param name="Warnings">What is probably not meant; shown whether it is stored or not.</param>
public sealed record DocumentVerdict(string? Refusal, IReadOnlyList<string> Warnings);
