using System.Globalization;

namespace Sidecar.Proxy.Commands;

/// <summary>
/// The CPU quota of the process's control group, as a number of cores. Read from the files because
/// <see cref="Environment.ProcessorCount"/> is rounded and does not tell whether there is a quota.
/// </summary>
public static class CgroupQuota
{
    private const string Membership = "/proc/self/cgroup";

    private static readonly string[] Version1Mounts = ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/cpuacct,cpu"];

    /// <summary>The smallest quota of the group and its ancestors; null when none is set, or on a system without control groups.</summary>
    /// <param name="readFile">Content of a file; null when it cannot be read.</param>
    public static double? Read(Func<string, string?> readFile)
    {
        double? smallest = null;
        foreach (var line in (readFile(Membership) ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // hierarchy-id:controllers:path (cgroups(7)); controllers are empty for version 2.
            var fields = line.Split(':', 3);
            if (fields.Length != 3)
            {
                continue;
            }

            foreach (var directory in WithAncestors(fields[2].Trim()))
            {
                var quota = fields[1].Length == 0
                    ? Version2(readFile($"/sys/fs/cgroup{directory}/cpu.max"))
                    : fields[1].Split(',').Contains("cpu") ? FromMounts(readFile, directory) : null;
                smallest = quota is null || smallest < quota ? smallest : quota;
            }
        }

        return smallest;
    }

    /// <summary>Version 2: <c>cpu.max</c> is <c>quota period</c> in microseconds, or <c>max period</c>.</summary>
    public static double? Version2(string? cpuMax)
    {
        var fields = (cpuMax ?? "").Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return fields.Length == 2 ? Cores(fields[0], fields[1]) : null;
    }

    /// <summary>Version 1: <c>cpu.cfs_quota_us</c> (−1 is none) and <c>cpu.cfs_period_us</c>.</summary>
    public static double? Version1(string? quota, string? period) => Cores((quota ?? "").Trim(), (period ?? "").Trim());

    private static double? FromMounts(Func<string, string?> readFile, string directory)
    {
        foreach (var mount in Version1Mounts)
        {
            if (Version1(readFile($"{mount}{directory}/cpu.cfs_quota_us"), readFile($"{mount}{directory}/cpu.cfs_period_us")) is { } quota)
            {
                return quota;
            }
        }

        return null;
    }

    private static double? Cores(string quota, string period) =>
        long.TryParse(quota, NumberStyles.None, CultureInfo.InvariantCulture, out var granted) && granted > 0
        && long.TryParse(period, NumberStyles.None, CultureInfo.InvariantCulture, out var every) && every > 0
            ? (double)granted / every
            : null;

    // Inside a container the path may be the host's while the mount shows the container's group as root: the
    // ancestors end at that root in either case.
    private static IEnumerable<string> WithAncestors(string path)
    {
        for (var directory = path.TrimEnd('/'); directory.Length > 0; directory = directory[..directory.LastIndexOf('/')])
        {
            if (!directory.StartsWith('/'))
            {
                yield break;
            }

            yield return directory;
        }

        yield return "";
    }
}
