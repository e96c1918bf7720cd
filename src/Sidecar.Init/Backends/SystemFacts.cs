using System.Globalization;

namespace Sidecar.Init.Backends;

/// <summary>What explains a failure of <c>nft</c> or iptables.</summary>
/// <param name="Kernel">Version of the kernel; rules are its work.</param>
/// <param name="HasNetAdmin">May this process change the network (CAP_NET_ADMIN in its effective set)?</param>
/// <param name="HasIpv6">Does this kernel have IPv6 at all?</param>
/// <param name="Uid">Effective user id of this process.</param>
/// <param name="Gid">Effective group id of this process.</param>
public sealed record SystemFacts(Version Kernel, bool HasNetAdmin, bool HasIpv6, uint Uid, uint Gid)
{
    // CAP_NET_ADMIN of linux/capability.h.
    private const int NetAdminBit = 12;

    /// <summary>Of this process and machine.</summary>
    public static SystemFacts Current => Of(
        Environment.OSVersion.Version,
        File.ReadAllText("/proc/self/status"),
        File.Exists("/proc/net/if_inet6"));

    /// <summary>From the text of <c>/proc/self/status</c> (proc(5)).</summary>
    public static SystemFacts Of(Version kernel, string status, bool hasIpv6)
    {
        var capabilities = ulong.Parse(Field(status, "CapEff:", 0), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return new SystemFacts(
            kernel,
            (capabilities >> NetAdminBit & 1) == 1,
            hasIpv6,
            uint.Parse(Field(status, "Uid:", 1), CultureInfo.InvariantCulture),
            uint.Parse(Field(status, "Gid:", 1), CultureInfo.InvariantCulture));
    }

    private static string Field(string status, string name, int index) => status.Split('\n')
        .First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..]
        .Split('\t', StringSplitOptions.RemoveEmptyEntries)[index];
}
