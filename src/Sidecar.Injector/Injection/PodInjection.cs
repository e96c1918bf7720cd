namespace Sidecar.Injector.Injection;

/// <summary>What came of a pod.</summary>
/// <param name="Skipped">Why it is not injected; null when it is.</param>
/// <param name="Warnings">For whoever created it; at most a few, each a short line of printable ASCII.</param>
/// <param name="Settings">What it got; null when it was skipped before they were read.</param>
/// <param name="Form">How it was injected; null when skipped.</param>
/// <param name="Patch">What to change; empty when skipped.</param>
public sealed record InjectionOutcome(
    SkipFinding? Skipped, IReadOnlyList<string> Warnings, InjectionSettings? Settings, SidecarForm? Form, IReadOnlyList<JsonPatchOperation> Patch)
{
    /// <summary>The word for log and metric; <c>none</c> when injected.</summary>
    public string Reason => Skipped?.Reason.Word ?? "none";
}

/// <summary>The three steps, one after the other: decide, settings, patch. Pure: the same pod and the same facts give the same patch.</summary>
/// <param name="Settings">The platform's.</param>
/// <param name="Version">Of this program.</param>
public sealed record PodInjection(InjectorSettings Settings, string Version)
{
    private static readonly IReadOnlyDictionary<string, string> NoAnnotations = new Dictionary<string, string>();

    /// <summary>Runs them.</summary>
    /// <param name="pod">The pod; not changed.</param>
    /// <param name="context">What is known beside it.</param>
    /// <param name="textAt">How a value is written, where a text is edited.</param>
    public InjectionOutcome Inject(PodView pod, PodContext context, Func<JsonPointer, string?>? textAt = null)
    {
        List<string> warnings = [];
        if (context.NamespaceFacts is null)
        {
            warnings.Add(WarningText.Of("namespace-unknown", $"namespace {context.Namespace} is not known yet: its annotations are not applied"));
        }

        if (Eligibility.Judge(pod, context) is { } finding)
        {
            return Skip(finding, warnings, settings: null);
        }

        var (settings, problems) = SettingsResolver.Resolve(Settings.Defaults, context.NamespaceFacts?.Annotations ?? NoAnnotations, pod.Annotations);
        if (settings is null)
        {
            warnings.AddRange(problems.Take(WarningText.MostProblems).Select(static problem => WarningText.Of("invalid-annotation", problem)));
            return Skip(new SkipFinding(SkipReason.InvalidAnnotation, problems[0]), warnings, settings: null);
        }

        if (Eligibility.JudgePodSecurity(context.NamespaceFacts, settings) is { } refused)
        {
            return Skip(refused, warnings, settings);
        }

        var form = SidecarForm.Of(pod, context, Settings, settings);
        if (!form.IsNative && context.Workload is { Kind: "Job" or "CronJob" })
        {
            warnings.Add(WarningText.Of("job", "without native sidecars a Job ends only when the application POSTs /quitquitquit to 127.0.0.1:15100"));
        }

        return new InjectionOutcome(Skipped: null, warnings, settings, form, PodPatch.Of(pod, form, Version, textAt));
    }

    // A pod that has the sidecar is as it should be: the API server asks again after other webhooks.
    private static InjectionOutcome Skip(SkipFinding finding, List<string> warnings, InjectionSettings? settings)
    {
        if (finding.Reason == SkipReason.AlreadyInjected)
        {
            warnings.Clear();
        }
        else
        {
            var detail = finding.Detail.Length == 0 || finding.Reason == SkipReason.InvalidAnnotation ? "" : $" ({finding.Detail})";
            warnings.Insert(0, WarningText.Of(finding.Reason.Word, $"not injected: {finding.Reason.Meaning}{detail}"));
        }

        return new InjectionOutcome(finding, warnings, settings, Form: null, Patch: []);
    }
}
