namespace Sidecar.Init.Tests.Namespaces;

/// <summary>A test in network namespaces of its own: needs root on Linux, ip, nft and iptables; skipped with the reason elsewhere.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NamespaceFactAttribute : FactAttribute
{
    /// <summary>Decides at discovery, so that the test is counted as skipped.</summary>
    /// <param name="alsoNeeds">A further program that this test runs.</param>
    public NamespaceFactAttribute(string? alsoNeeds = null) =>
        Skip = NamespaceSupport.SkipReason ?? (alsoNeeds is null || SystemProgram.Has(alsoNeeds) ? null : $"Missing: {alsoNeeds}.");
}

/// <summary>As <see cref="NamespaceFactAttribute"/>, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NamespaceTheoryAttribute : TheoryAttribute
{
    /// <summary>Decides at discovery.</summary>
    public NamespaceTheoryAttribute() => Skip = NamespaceSupport.SkipReason;
}

/// <summary>Can this machine and user do it?</summary>
internal static class NamespaceSupport
{
    private static readonly string[] Programs = ["ip", "nft", "iptables-save", "ip6tables-save", "setpriv"];

    public static string? SkipReason { get; } = Find();

    private static string? Find()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "Network namespaces are Linux's.";
        }

        if (!Environment.IsPrivilegedProcess)
        {
            return "Network namespaces need root.";
        }

        if (Programs.Where(static program => !SystemProgram.Has(program)).ToArray() is { Length: > 0 } missing)
        {
            return $"Missing: {string.Join(", ", missing)} (packages iproute2, nftables, iptables, util-linux; `make deps` installs them).";
        }

        var name = $"sidecar-probe-{Environment.ProcessId}";
        var made = SystemProgram.Run("ip", "netns", "add", name);
        if (made.ExitCode != 0)
        {
            return $"Network namespaces cannot be made here: {made.Error.Trim()}";
        }

        SystemProgram.Run("ip", "netns", "del", name);
        return null;
    }
}
