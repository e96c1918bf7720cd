using System.Text.Json;
using Sidecar.Proxy.Commands;
using Sidecar.Proxy.Startup;

namespace Sidecar.Proxy.Tests.Commands;

public sealed class VersionCommandTests
{
    private readonly CommandFixture _fixture = new();

    [Theory]
    [InlineData("version")]
    [InlineData("--version")]
    public async Task Version_Prints(string argument)
    {
        Assert.Equal(0, await _fixture.RunAsync(argument));
        Assert.StartsWith("sidecar-proxy 0.1.0\n", _fixture.Output, StringComparison.Ordinal);
        Assert.Contains(System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription, _fixture.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_Json_IsOneObject()
    {
        Assert.Equal(0, await _fixture.RunAsync("version", "--json"));

        using var document = JsonDocument.Parse(_fixture.Output);
        Assert.Equal("0.1.0", document.RootElement.GetProperty("version").GetString());
        Assert.False(document.RootElement.GetProperty("nativeAot").GetBoolean());
    }

    [Fact]
    public void Of_CommitInTheVersion_IsSplit()
    {
        var facts = VersionFacts.Of("1.2.3-rc.1+abcdef", "net10.0", ".NET 10.0.14", true, "linux-x64");

        Assert.Equal(("1.2.3-rc.1", "abcdef", null), (facts.Product, facts.Commit, facts.Notice));
        Assert.Null(VersionFacts.Of("1.2.3", "net10.0", "", true, "").Commit);
    }

    [Fact]
    public void Of_Net9_SaysThatTheRuntimeIsOutOfSupport()
    {
        var facts = VersionFacts.Of("1.2.3", "net9.0", ".NET 9.0.22", true, "linux-x64");

        Assert.Contains("out of support since November 2026", VersionCommand.Text(facts), StringComparison.Ordinal);
        Assert.Contains("out of support since November 2026", VersionCommand.Json(facts), StringComparison.Ordinal);
    }
}
