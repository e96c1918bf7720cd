using Sidecar.Proxy.Commands;

namespace Sidecar.Proxy.Tests.Commands;

public sealed class CgroupQuotaTests
{
    [Theory]
    [InlineData("200000 100000\n", 2.0)]
    [InlineData("25000 100000\n", 0.25)]
    [InlineData("max 100000\n", null)]
    [InlineData("100000\n", null)]
    [InlineData("0 100000", null)]
    [InlineData("100000 0", null)]
    [InlineData("-1 100000", null)]
    [InlineData("99999999999999999999 1", null)]
    [InlineData("garbage in here", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Version2_Text_IsCores(string? text, double? cores) => Assert.Equal(cores, CgroupQuota.Version2(text));

    [Theory]
    [InlineData("150000\n", "100000\n", 1.5)]
    [InlineData("-1\n", "100000\n", null)]
    [InlineData("50000", null, null)]
    public void Version1_Text_IsCores(string? quota, string? period, double? cores) => Assert.Equal(cores, CgroupQuota.Version1(quota, period));

    [Fact]
    public void Read_NoControlGroups_IsNone() => Assert.Null(CgroupQuota.Read(_ => null));

    [Fact]
    public void Read_Version2InAContainer_FindsTheRoot() => Assert.Equal(0.5, Read(new()
    {
        ["/proc/self/cgroup"] = "0::/\n",
        ["/sys/fs/cgroup/cpu.max"] = "50000 100000\n",
    }));

    [Fact]
    public void Read_Version2Nested_TakesTheSmallestOfTheAncestors() => Assert.Equal(1.5, Read(new()
    {
        ["/proc/self/cgroup"] = "0::/kubepods/pod1/container\n",
        ["/sys/fs/cgroup/kubepods/pod1/container/cpu.max"] = "max 100000\n",
        ["/sys/fs/cgroup/kubepods/pod1/cpu.max"] = "150000 100000\n",
        ["/sys/fs/cgroup/kubepods/cpu.max"] = "400000 100000\n",
    }));

    [Fact]
    public void Read_Version1WithTheHostsPath_FindsTheContainersRoot() => Assert.Equal(2.0, Read(new()
    {
        ["/proc/self/cgroup"] = "12:cpuset:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n0::/docker/abc\n",
        ["/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us"] = "200000\n",
        ["/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us"] = "100000\n",
    }));

    [Fact]
    public void Read_OtherControllers_AreIgnored() => Assert.Null(Read(new()
    {
        ["/proc/self/cgroup"] = "12:cpuset:/a\n",
        ["/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us"] = "200000\n",
        ["/sys/fs/cgroup/cpu/a/cpu.cfs_period_us"] = "100000\n",
    }));

    [Theory]
    [InlineData("not a line\n::\n0::relative/path\n0::../../etc\n")]
    [InlineData("0:\n\n0::\n")]
    public void Read_OddMembership_IsNone(string membership) => Assert.Null(Read(new() { ["/proc/self/cgroup"] = membership }));

    private static double? Read(Dictionary<string, string> files) => CgroupQuota.Read(path => files.GetValueOrDefault(path));
}
