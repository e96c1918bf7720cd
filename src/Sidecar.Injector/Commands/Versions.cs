using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sidecar.Injector.Commands;

/// <summary>What this program is.</summary>
public static class Versions
{
#if NET10_0_OR_GREATER
    private const string Framework = "net10.0";
#else
    private const string Framework = "net9.0";
#endif

    private static readonly string Informational =
        typeof(Versions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Product version; images have the same.</summary>
    public static string Product => Informational.Split('+')[0];

    /// <summary>Facts for a bug report.</summary>
    public static IReadOnlyList<(string Name, string Value)> Facts =>
    [
        ("version", Product),
        ("commit", Informational.Split('+') is [_, var commit, ..] ? commit : "unknown"),
        ("framework", Framework),
        ("runtime", RuntimeInformation.FrameworkDescription),
        ("compiled", RuntimeFeature.IsDynamicCodeSupported ? "JIT" : "Native AOT"),
        ("platform", RuntimeInformation.RuntimeIdentifier),
    ];
}
