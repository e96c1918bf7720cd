using System.Collections.Immutable;
using Sidecar.Init.Options;

namespace Sidecar.Injector.Injection;

/// <summary>What one pod gets: typed, so that no text of an annotation goes on unread.</summary>
public sealed record InjectionSettings
{
    /// <summary>Outbound ports that are left alone.</summary>
    public required PortSet SkipOutboundPorts { get; init; }

    /// <summary>Inbound ports that are left alone.</summary>
    public required PortSet SkipInboundPorts { get; init; }

    /// <summary>Outbound networks that are left alone.</summary>
    public required NetworkSet SkipOutboundCidrs { get; init; }

    /// <summary>Ports that are carried, not parsed; null is the document's own default.</summary>
    public required ImmutableArray<int>? OpaquePorts { get; init; }

    /// <summary>A further ConfigMap of the pod's namespace; null for none.</summary>
    public required string? ConfigMap { get; init; }

    /// <summary>The proxy's log level; null leaves it to the documents.</summary>
    public required string? LogLevel { get; init; }

    /// <summary>CPU request.</summary>
    public required Quantity CpuRequest { get; init; }

    /// <summary>Memory request.</summary>
    public required Quantity MemoryRequest { get; init; }

    /// <summary>Memory limit.</summary>
    public required Quantity MemoryLimit { get; init; }

    /// <summary>Are redirect rules written? Otherwise the application talks to the reverse listener.</summary>
    public required bool IsIntercepted { get; init; }

    /// <summary>Every setting as it was written, with where it came from.</summary>
    public required IReadOnlyDictionary<SettingKey, WrittenSetting> Written { get; init; }

    /// <summary>Did an annotation say so?</summary>
    public bool IsAnnotated(SettingKey key) => Written[key].Source is SettingSource.Namespace or SettingSource.Pod;
}
