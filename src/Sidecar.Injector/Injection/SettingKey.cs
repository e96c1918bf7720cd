using System.Collections.Immutable;
using System.Globalization;
using Sidecar.Contract;
using Sidecar.Init.Options;

namespace Sidecar.Injector.Injection;

/// <summary>One setting that an annotation may change: the allow list. Whatever is not here cannot be set from a pod.</summary>
/// <param name="Name">In the settings file, under <c>defaults</c>.</param>
/// <param name="Annotation">On a pod or a namespace.</param>
/// <param name="Default">When nobody sets it; the same text as the annotation would have.</param>
public sealed record SettingKey(string Name, string Annotation, string Default)
{
    /// <summary>Outbound ports that are left alone.</summary>
    public static SettingKey SkipOutboundPorts { get; } = new("skipOutboundPorts", Annotations.SkipOutboundPorts, "");

    /// <summary>Inbound ports that are left alone.</summary>
    public static SettingKey SkipInboundPorts { get; } = new("skipInboundPorts", Annotations.SkipInboundPorts, "");

    /// <summary>Outbound networks that are left alone.</summary>
    public static SettingKey SkipOutboundCidrs { get; } = new("skipOutboundCidrs", Annotations.SkipOutboundCidrs, "");

    /// <summary>Ports that are carried, not parsed; empty is the document's own default.</summary>
    public static SettingKey OpaquePorts { get; } = new("opaquePorts", Annotations.OpaquePorts, "");

    /// <summary>A ConfigMap of the pod's namespace.</summary>
    public static SettingKey Config { get; } = new("config", Annotations.Config, "");

    /// <summary>debug, info, warn or error.</summary>
    public static SettingKey LogLevel { get; } = new("logLevel", Annotations.LogLevel, "info");

    /// <summary>CPU request.</summary>
    public static SettingKey CpuRequest { get; } = new("cpuRequest", Annotations.CpuRequest, "25m");

    /// <summary>Memory request.</summary>
    public static SettingKey MemoryRequest { get; } = new("memoryRequest", Annotations.MemoryRequest, "32Mi");

    /// <summary>Memory limit.</summary>
    public static SettingKey MemoryLimit { get; } = new("memoryLimit", Annotations.MemoryLimit, "128Mi");

    /// <summary>redirect or none.</summary>
    public static SettingKey Interception { get; } = new("interception", Annotations.Interception, "redirect");

    /// <summary>In the order in which they are explained.</summary>
    public static ImmutableArray<SettingKey> All { get; } =
    [
        Interception, SkipOutboundPorts, SkipInboundPorts, SkipOutboundCidrs, OpaquePorts, Config, LogLevel, CpuRequest, MemoryRequest, MemoryLimit,
    ];
}

/// <summary>A text and who wrote it.</summary>
/// <param name="Text">As it would stand in an annotation.</param>
/// <param name="Source">Which layer won.</param>
public sealed record WrittenSetting(string Text, SettingSource Source);

/// <summary>The layers, the later one wins.</summary>
public enum SettingSource
{
    /// <summary>Built in.</summary>
    Default,

    /// <summary>The settings file: Helm values.</summary>
    Settings,

    /// <summary>An annotation of the namespace.</summary>
    Namespace,

    /// <summary>An annotation of the pod.</summary>
    Pod,
}

/// <summary>The values' readers. Every value becomes a type here, and only the types are written into a pod.</summary>
internal static class SettingValue
{
    // A range is written out on a command line.
    private const int MostOpaquePorts = 256;

    private static readonly Quantity LeastCpu = Quantity.Of("1m");
    private static readonly Quantity MostCpu = Quantity.Of("64");
    private static readonly Quantity LeastMemory = Quantity.Of("16Mi");
    private static readonly Quantity MostMemory = Quantity.Of("64Gi");

    /// <summary>Ports.</summary>
    public static PortSet Ports(string text, Action<string> refuse) => text.Length == 0 ? PortSet.None : PortSet.Parse(text, refuse);

    /// <summary>Networks.</summary>
    public static NetworkSet Networks(string text, Action<string> refuse) => text.Length == 0 ? NetworkSet.None : NetworkSet.Parse(text, refuse);

    /// <summary>Ports one by one; null when none is written.</summary>
    public static ImmutableArray<int>? OpaquePorts(string text, Action<string> refuse)
    {
        if (text.Length == 0)
        {
            return null;
        }

        var ranges = PortSet.Parse(text, refuse).Ranges;
        if (ranges.Sum(static range => range.Last - range.First + 1) is var count && count > MostOpaquePorts)
        {
            refuse(string.Create(CultureInfo.InvariantCulture, $"names {count} ports; at most {MostOpaquePorts} are carried unparsed by number"));
            return [];
        }

        return [.. ranges.SelectMany(static range => Enumerable.Range(range.First, range.Last - range.First + 1))];
    }

    /// <summary>The name of a ConfigMap; null when none is written.</summary>
    public static string? ConfigMap(string text, Action<string> refuse)
    {
        if (text.Length == 0)
        {
            return null;
        }

        if (!DnsName.IsSubdomain(text))
        {
            refuse($"{ListText.Quote(text)} is not the name of a ConfigMap (lower case letters, digits, '-' and '.')");
        }

        return text;
    }

    /// <summary>One of these words.</summary>
    public static string Word(string text, Action<string> refuse, params ReadOnlySpan<string> words)
    {
        if (!words.Contains(text))
        {
            refuse($"{ListText.Quote(text)} is none of {string.Join(", ", words!)}");
        }

        return text;
    }

    /// <summary>CPU.</summary>
    public static Quantity Cpu(string text, Action<string> refuse) => Quantity.Parse(text, LeastCpu, MostCpu, refuse) ?? LeastCpu;

    /// <summary>Memory.</summary>
    public static Quantity Memory(string text, Action<string> refuse) => Quantity.Parse(text, LeastMemory, MostMemory, refuse) ?? LeastMemory;
}
