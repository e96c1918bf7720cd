using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sidecar.Proxy.Startup;

/// <summary>What the program is: facts for a bug report.</summary>
/// <param name="Product">Product version.</param>
/// <param name="Commit">Commit it was built from; null when the build did not know.</param>
/// <param name="Framework">Target framework.</param>
/// <param name="Runtime">Runtime with its patch; with Native AOT it is inside the binary.</param>
/// <param name="IsNative">Compiled ahead of time.</param>
/// <param name="Platform">Operating system and architecture.</param>
/// <param name="Notice">What the operator should know about the runtime; null when nothing.</param>
public sealed record VersionFacts(string Product, string? Commit, string Framework, string Runtime, bool IsNative, string Platform, string? Notice)
{
#if NET10_0_OR_GREATER
    private const string BuiltFor = "net10.0";
#else
    private const string BuiltFor = "net9.0";
#endif

    /// <summary>This program.</summary>
    public static VersionFacts Current => Of(
        typeof(VersionFacts).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
        BuiltFor,
        RuntimeInformation.FrameworkDescription,
        !RuntimeFeature.IsDynamicCodeSupported,
        RuntimeInformation.RuntimeIdentifier);

    /// <summary>Facts from their parts; the version may carry the commit after a plus sign.</summary>
    public static VersionFacts Of(string informationalVersion, string framework, string runtime, bool isNative, string platform)
    {
        var plus = informationalVersion.IndexOf('+', StringComparison.Ordinal);
        return new VersionFacts(
            plus < 0 ? informationalVersion : informationalVersion[..plus],
            plus < 0 ? null : informationalVersion[(plus + 1)..],
            framework,
            runtime,
            isNative,
            platform,

            // https://dotnet.microsoft.com/platform/support/policy/dotnet-core
            framework == "net9.0" ? ".NET 9 is out of support since November 2026: build for net10.0 where its Native AOT pack can be restored" : null);
    }
}
