using static Sidecar.Configuration.Tests.Loading;

namespace Sidecar.Configuration.Tests;

public sealed class MistakesTests
{
    [Fact]
    public void Load_EveryMistake_IsReportedAtOnceWithFileLineAndPath()
    {
        var result = ConfigurationLoader.Load([new ConfigurationSource("mistakes.yaml", GoldenFile.Read("mistakes.yaml"))], [], ConfigurationEnvironment.Default);

        Assert.Null(result.Configuration);
        Assert.Null(result.MergedDocument);
        GoldenFile.Verify("mistakes.txt", string.Concat(result.Errors.Select(error => error + "\n")));
        Assert.All(result.Errors, error => Assert.True(error.Location.Line > 0, error.ToString()));
    }

    [Fact]
    public void Load_MoreMistakesThanAnyoneReads_AreCounted()
    {
        var text = "version: 1\n" + string.Concat(Enumerable.Range(0, ConfigurationLoader.MaxProblems + 20).Select(i => $"key{i}: 1\n"));

        var errors = Errors(text);

        Assert.Equal(ConfigurationLoader.MaxProblems + 1, errors.Length);
        Assert.Equal("test.yaml: (document): and 20 more", errors[^1]);
    }

    [Fact]
    public void Load_HostileKey_IsCutAndEscapedInMessages()
    {
        var error = Error("version: 1\n\"a\\e[31m\\n" + new string('x', 10_000) + "\": 1");

        Assert.True(error.Length < 500, error);
        Assert.DoesNotContain(error, char.IsControl);
    }
}
