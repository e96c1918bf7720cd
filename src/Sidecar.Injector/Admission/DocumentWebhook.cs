using Sidecar.Configuration.Effective;
using Sidecar.Init.Options;
using Sidecar.Injector.Injection;
using Sidecar.Injector.Telemetry;

namespace Sidecar.Injector.Admission;

/// <summary>POST /validate: one review of a ConfigMap that holds a configuration document.</summary>
public sealed class DocumentWebhook(IDocumentValidator? validator, EventLog log)
{
    // The API server hands the message on as it is; a person reads it.
    private const int LongestRefusal = 16 * 1024;

    /// <summary>Decides.</summary>
    public AdmissionAnswer Answer(AdmissionRequest request)
    {
        if (request.Kind != "ConfigMap" || request.Operation is not ("CREATE" or "UPDATE") || request.Object is null)
        {
            return AdmissionAnswer.Allow();
        }

        if (validator is null)
        {
            return AdmissionAnswer.Allow(WarningText.Of("not-validated", "this injector does not validate documents"));
        }

        var verdict = validator.Validate(request.Namespace, request.Object);
        if (verdict.Refusal is not null)
        {
            log.Write(
                LogSeverity.Info,
                InjectorEvents.DocumentRefused,
                ("namespace", request.Namespace),
                ("configMap", PodView.Text((request.Object["metadata"] as System.Text.Json.Nodes.JsonObject)?["name"])),
                ("dryRun", request.IsDryRun ? "true" : null));
        }

        return new AdmissionAnswer(
            verdict.Refusal is { Length: > LongestRefusal } refusal ? $"{refusal[..LongestRefusal]}..." : verdict.Refusal,
            [.. verdict.Warnings.Take(WarningText.MostProblems).Select(static warning => WarningText.Of("document", warning))],
            []);
    }
}
