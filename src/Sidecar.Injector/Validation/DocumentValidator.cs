using System.Text.Json.Nodes;
using Sidecar.Configuration;
using Sidecar.Contract;
using Sidecar.Injector.Admission;

namespace Sidecar.Injector.Validation;

/// <summary>
/// POST /validate: would the proxies of this namespace accept the document? Judged by the proxy's own reader, on its own:
/// the other documents that a pod merges with it are not at hand, so what they may define is no error.
/// </summary>
public sealed class DocumentValidator : IDocumentValidator
{
    // The API server passes on 4 KiB of warnings in all and cuts each at 256 characters.
    private const int MaxWarnings = 15;
    private const int MaxWarningLength = 255;

    // kubectl prints the message whole; beyond this nobody reads on.
    private const int MaxRefusalLength = 32 * 1024;

    /// <summary>What the proxies of pods have beneath their documents (<c>run --pod</c>).</summary>
    private static readonly ConfigurationSource PodListeners =
        new("--pod", "listeners: { outbound: {}, inbound: {} }\n") { IsDefault = true };

    /// <inheritdoc/>
    public DocumentVerdict Validate(string namespaceName, JsonObject configMap)
    {
        if (ConfigMapDocument.Find(namespaceName, configMap, out var problem) is not { } document)
        {
            return new DocumentVerdict(problem, []);
        }

        // Pods name the platform's document first, whether it exists or not: what only the first may hold, others may not.
        var source = new ConfigurationSource(document.Name, document.Text)
        {
            MissingFirst = document.IsFirst ? null : $"ConfigMap {PodNames.PlatformConfigMap}",
        };
        var environment = ConfigurationEnvironment.Default with { Namespace = namespaceName, IsPart = !document.IsFirst };
        var intercepted = ConfigurationLoader.Load([source, PodListeners], [], environment);
        if (intercepted.Errors.Count == 0)
        {
            return new DocumentVerdict(null, Shown(intercepted.Warnings));
        }

        // Pods without interception have no listeners but those written, and may be whom it is for.
        var plain = ConfigurationLoader.Load([source], [], environment);
        return plain.Errors.Count == 0
            ? new DocumentVerdict(null, Shown([.. intercepted.Errors.Select(static error => error with { Message = $"pods with interception refuse this: {error.Message}" }), .. plain.Warnings]))
            : new DocumentVerdict(Refusal(intercepted.Errors), Shown(intercepted.Warnings));
    }

    private static string Refusal(IReadOnlyList<ConfigurationProblem> errors)
    {
        var lines = new List<string>();
        var length = 0;
        foreach (var error in errors)
        {
            var line = error.ToString();
            length += line.Length + 1;
            if (length > MaxRefusalLength && lines.Count > 0)
            {
                lines.Add($"and {errors.Count - lines.Count} more");
                break;
            }

            lines.Add(line);
        }

        return $"{(errors.Count == 1 ? "1 error" : $"{errors.Count} errors")}:\n{string.Join('\n', lines)}";
    }

    private static List<string> Shown(IReadOnlyList<ConfigurationProblem> warnings)
    {
        var shown = warnings.Take(MaxWarnings).Select(static warning => warning.ToString())
            .Select(static text => text.Length > MaxWarningLength ? text[..(MaxWarningLength - 1)] + "…" : text).ToList();
        if (warnings.Count > MaxWarnings)
        {
            shown.Add($"and {warnings.Count - MaxWarnings} more warnings");
        }

        return shown;
    }
}
