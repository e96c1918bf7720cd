namespace Sidecar.Proxy.Tests.Commands;

public sealed class SidecarCommandLineTests
{
    private static readonly string[] Commands = ["run", "validate", "schema", "demo", "drain", "wait", "healthcheck", "version"];

    private readonly CommandFixture _fixture = new();

    [Theory]
    [InlineData("")]
    [InlineData("bogus")]
    [InlineData("--bogus")]
    [InlineData("run --bogus")]
    [InlineData("run extra")]
    [InlineData("run --config")]
    [InlineData("run --on-invalid never")]
    [InlineData("run")]
    [InlineData("run --listen 127.0.0.1:8080")]
    [InlineData("run --pod --upstream http://127.0.0.1:9000")]
    [InlineData("run --upstream http://127.0.0.1:9000")]
    [InlineData("validate")]
    [InlineData("wait --timeout soon")]
    [InlineData("drain --address a:b:c")]
    [InlineData("healthcheck --address")]
    [InlineData("version --json extra")]
    public async Task RunAsync_BadUsage_Is64WithAMessageOnStandardError(string arguments)
    {
        Assert.Equal(64, await _fixture.RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.NotEmpty(_fixture.Error);
        Assert.Empty(_fixture.Output);
    }

    [Fact]
    public async Task Help_Root_ListsWhatIsBuiltAndNothingElse()
    {
        Assert.Equal(0, await _fixture.RunAsync("--help"));

        var listed = _fixture.Output.Split("Commands:\n")[1].Split("\n\n")[0].Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Trim().Split(' ')[0]);
        Assert.Equal(Commands, listed);
    }

    [Fact]
    public async Task Help_EachCommand_HasADescriptionForEveryOptionAndAnExample()
    {
        foreach (var command in Commands)
        {
            var fixture = new CommandFixture();

            Assert.Equal(0, await fixture.RunAsync(command, "--help"));

            Assert.Contains("Examples:\n  ", fixture.Output, StringComparison.Ordinal);
            Assert.Contains("sidecar-proxy " + command, fixture.Output.Split("Examples:")[1], StringComparison.Ordinal);
            Assert.All(
                fixture.Output.Split('\n').Where(line => line.StartsWith("  --", StringComparison.Ordinal)),
                line => Assert.Matches(@"^  --\S+( <[^>]+>)?( \(REQUIRED\))?\s{2,}\S", line));
        }
    }

    [Fact]
    public async Task RunAsync_ResponseFileSyntax_IsAnOrdinaryArgument()
    {
        Assert.Equal(64, await _fixture.RunAsync("@/etc/hostname"));
        Assert.Contains("@/etc/hostname", _fixture.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schema_Prints() => Assert.Equal((0, "{ \"schema\": true }\n"), (await _fixture.RunAsync("schema"), _fixture.Output));
}
