namespace Sidecar.Injector.Injection;

/// <summary>What the containers of one pod are made from: its settings and what was found out about it.</summary>
/// <param name="Injector">The platform's settings.</param>
/// <param name="Settings">The pod's settings.</param>
/// <param name="IsNative">The proxy is an init container that stays; else the first container.</param>
/// <param name="IsGuaranteed">The pod is of the class Guaranteed and must stay so.</param>
/// <param name="IsBudgeted">The pod has resources of its own, which all its containers share.</param>
/// <param name="GraceSeconds">The pod's grace period, at least a second.</param>
/// <param name="Workload">What the pod belongs to.</param>
public sealed record SidecarForm(
    InjectorSettings Injector, InjectionSettings Settings, bool IsNative, bool IsGuaranteed, bool IsBudgeted, long GraceSeconds, Workload? Workload)
{
    // Kubernetes' own, where the pod says nothing.
    private const long DefaultGraceSeconds = 30;

    // A day: the longest duration of the document.
    private const long LongestGraceSeconds = 24 * 60 * 60;

    /// <summary>Looks at a pod.</summary>
    public static SidecarForm Of(PodView pod, PodContext context, InjectorSettings injector, InjectionSettings settings) => new(
        injector,
        settings,
        injector.NativeSidecar switch
        {
            NativeSidecarMode.Always => true,
            NativeSidecarMode.Never => false,
            _ => context.NativeSidecarsSupported,
        },
        PodQuality.IsGuaranteed(pod),
        PodQuality.IsBudgeted(pod),
        Math.Clamp(PodView.Number(pod.Spec!["terminationGracePeriodSeconds"]) ?? DefaultGraceSeconds, 1, LongestGraceSeconds),
        context.Workload);
}
