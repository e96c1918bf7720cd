using Sidecar.Configuration.Effective;
using Sidecar.Init.Options;
using Sidecar.Injector.Injection;
using Sidecar.Injector.Telemetry;

namespace Sidecar.Injector.Admission;

/// <summary>POST /inject: one review of a pod. No call to anything inside a decision; the same in a dry run, which is only not counted.</summary>
public sealed class PodWebhook(PodInjection injection, IClusterView cluster, string ownNamespace, EventLog log, InjectorMetrics metrics)
{
    /// <summary>Decides.</summary>
    public AdmissionAnswer Answer(AdmissionRequest request)
    {
        // The rule selects created pods; whatever else arrives is not refused for it.
        if (request.Kind != "Pod" || request.Operation != "CREATE" || request.Object is null)
        {
            return AdmissionAnswer.Allow(WarningText.Of("not-a-pod", "only the creation of pods is looked at"));
        }

        var pod = new PodView(request.Object);
        var name = request.Namespace.Length > 0 ? request.Namespace : PodView.Text(pod.Metadata?["namespace"]) ?? "";
        var context = new PodContext(name, cluster.Namespace(name), ownNamespace, cluster.NativeSidecarsSupported, Workload.OwnerOf(pod));
        var outcome = injection.Inject(pod, context);
        Tell(request, pod, context, outcome);
        return new AdmissionAnswer(Refusal: null, outcome.Warnings, outcome.Patch);
    }

    private void Tell(AdmissionRequest request, PodView pod, PodContext context, InjectionOutcome outcome)
    {
        var isInjected = outcome.Skipped is null;
        if (!request.IsDryRun)
        {
            metrics.Decided(isInjected ? "injected" : "skipped", outcome.Reason);
            if (context.NamespaceFacts is null)
            {
                metrics.NamespaceUnknown();
            }
        }

        var name = PodView.Text(pod.Metadata?["name"]) ?? PodView.Text(pod.Metadata?["generateName"]);
        log.Write(
            LogSeverity.Info,
            isInjected ? InjectorEvents.PodInjected : InjectorEvents.PodSkipped,
            ("namespace", Shown(context.Namespace)),
            ("pod", Shown(name)),
            ("workload", context.Workload?.ToString()),
            ("reason", isInjected ? null : outcome.Reason),
            ("detail", outcome.Skipped?.Detail),
            ("form", outcome.Form is { } form ? form.IsNative ? "native" : "plain" : null),
            ("namespaceUnknown", context.NamespaceFacts is null ? "true" : null),
            ("dryRun", request.IsDryRun ? "true" : null),
            ("uid", Shown(request.Uid)));
    }

    // A name in a review is not validated yet.
    private static string? Shown(string? name) => name is null || name.AsSpan().ContainsAnyExceptInRange('!', '~') ? name is null ? null : ListText.Quote(name) : name;
}
