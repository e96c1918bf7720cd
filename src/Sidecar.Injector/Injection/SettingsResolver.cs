using Sidecar.Contract;
using Sidecar.Init.Options;

namespace Sidecar.Injector.Injection;

/// <summary>
/// Step two: built-in defaults, the settings file, the namespace's annotations, the pod's annotations; the later wins, key by
/// key. Only the keys of <see cref="SettingKey.All"/> exist; a name of ours that is none of them is refused like a bad value.
/// </summary>
public static class SettingsResolver
{
    private const string DefaultLogLevel = "info";

    /// <summary>Resolves.</summary>
    /// <param name="defaults">The settings file's texts by the key's name.</param>
    /// <param name="namespaceAnnotations">Of the namespace; empty when it is unknown.</param>
    /// <param name="podAnnotations">Of the pod.</param>
    /// <returns>The settings, or null with one sentence per problem.</returns>
    public static (InjectionSettings? Settings, IReadOnlyList<string> Problems) Resolve(
        IReadOnlyDictionary<string, string> defaults,
        IReadOnlyDictionary<string, string> namespaceAnnotations,
        IReadOnlyDictionary<string, string> podAnnotations)
    {
        List<string> problems = [.. Unknown(namespaceAnnotations, "of the namespace"), .. Unknown(podAnnotations, "of the pod")];
        var written = SettingKey.All.ToDictionary(
            static key => key,
            key => podAnnotations.TryGetValue(key.Annotation, out var pod) ? new WrittenSetting(pod, SettingSource.Pod)
                : namespaceAnnotations.TryGetValue(key.Annotation, out var ns) ? new WrittenSetting(ns, SettingSource.Namespace)
                : defaults.TryGetValue(key.Name, out var file) ? new WrittenSetting(file, SettingSource.Settings)
                : new WrittenSetting(key.Default, SettingSource.Default));
        var logLevel = Read(SettingKey.LogLevel, static (text, refuse) => SettingValue.Word(text, refuse, "debug", "info", "warn", "error"));
        var settings = new InjectionSettings
        {
            SkipOutboundPorts = Read(SettingKey.SkipOutboundPorts, SettingValue.Ports),
            SkipInboundPorts = Read(SettingKey.SkipInboundPorts, SettingValue.Ports),
            SkipOutboundCidrs = Read(SettingKey.SkipOutboundCidrs, SettingValue.Networks),
            OpaquePorts = Read(SettingKey.OpaquePorts, SettingValue.OpaquePorts),
            ConfigMap = Read(SettingKey.Config, SettingValue.ConfigMap),

            // The chart always writes this key: its default must not overrule telemetry.logLevel of a document.
            LogLevel = logLevel == DefaultLogLevel && written[SettingKey.LogLevel].Source is SettingSource.Default or SettingSource.Settings ? null : logLevel,
            CpuRequest = Read(SettingKey.CpuRequest, SettingValue.Cpu),
            MemoryRequest = Read(SettingKey.MemoryRequest, SettingValue.Memory),
            MemoryLimit = Read(SettingKey.MemoryLimit, SettingValue.Memory),
            IsIntercepted = Read(SettingKey.Interception, static (text, refuse) => SettingValue.Word(text, refuse, "redirect", "none")) == "redirect",
            Written = written,
        };
        if (problems.Count == 0 && settings.MemoryRequest.Amount > settings.MemoryLimit.Amount)
        {
            problems.Add($"{Named(SettingKey.MemoryRequest)} {settings.MemoryRequest.Text} is more than {Named(SettingKey.MemoryLimit)} {settings.MemoryLimit.Text}");
        }

        return (problems.Count == 0 ? settings : null, problems);

        T Read<T>(SettingKey key, Func<string, Action<string>, T> parse) =>
            parse(written[key].Text.Trim(' '), reason => problems.Add($"{Named(key)}: {reason}"));

        string Named(SettingKey key) => written[key].Source switch
        {
            SettingSource.Pod => key.Annotation,
            SettingSource.Namespace => $"{key.Annotation} (of the namespace)",
            _ => $"defaults.{key.Name} (of the settings)",
        };
    }

    private static IEnumerable<string> Unknown(IReadOnlyDictionary<string, string> annotations, string whose) => annotations.Keys
        .Where(static name => name.StartsWith(Annotations.Prefix, StringComparison.Ordinal)
            && name != Annotations.Status
            && !SettingKey.All.Any(key => key.Annotation == name))
        .Order(StringComparer.Ordinal)
        .Select(name => name == Annotations.Inject
            ? $"{name} {whose} is an annotation; it means something as a label only"
            : $"{ListText.Quote(name)} {whose} is no annotation that this version knows");
}
