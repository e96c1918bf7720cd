namespace Sidecar.Injector.Injection;

/// <summary>What is known of a pod beside itself.</summary>
/// <param name="Namespace">Where it will run.</param>
/// <param name="NamespaceFacts">Null: not known yet.</param>
/// <param name="OwnNamespace">The injector's; null offline.</param>
/// <param name="NativeSidecarsSupported">Every node can run a native sidecar.</param>
/// <param name="Workload">What it belongs to.</param>
public sealed record PodContext(string Namespace, NamespaceFacts? NamespaceFacts, string? OwnNamespace, bool NativeSidecarsSupported, Workload? Workload);
