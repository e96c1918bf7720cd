using System.Collections.Immutable;

namespace Sidecar.Injector.Injection;

/// <summary>When the proxy is a native sidecar.</summary>
public enum NativeSidecarMode
{
    /// <summary>Where every node can (PRODUCT §5's version rule).</summary>
    Auto,

    /// <summary>Always.</summary>
    Always,

    /// <summary>Never.</summary>
    Never,
}

/// <summary>The settings file: what the platform decides, and no pod can.</summary>
/// <param name="ProxyImage">Image of the proxy.</param>
/// <param name="InitImage">Image of sidecar-init.</param>
/// <param name="PullPolicy">When images are pulled.</param>
/// <param name="NativeSidecar">Form of the proxy's container.</param>
/// <param name="RedirectBackend"><c>nft</c> or <c>iptables</c>.</param>
/// <param name="Defaults">Texts of settings by <see cref="SettingKey.Name"/>, valid.</param>
/// <param name="Environment">Further environment of the proxy, <c>OTEL_*</c>.</param>
public sealed record InjectorSettings(
    string ProxyImage,
    string InitImage,
    string PullPolicy,
    NativeSidecarMode NativeSidecar,
    string RedirectBackend,
    IReadOnlyDictionary<string, string> Defaults,
    ImmutableArray<KeyValuePair<string, string>> Environment)
{
    /// <summary>What applies without a file.</summary>
    /// <param name="version">Of this program; images have the same.</param>
    public static InjectorSettings BuiltIn(string version) => new(
        $"sidecar-proxy:{version}",
        $"sidecar-init:{version}",
        "IfNotPresent",
        NativeSidecarMode.Auto,
        "nft",
        new Dictionary<string, string>(),
        []);
}
