using Sidecar.Configuration;
using Sidecar.Proxy.Tests.Configuration;

namespace Sidecar.Proxy.Tests.Commands;

public sealed class ValidateCommandTests : IDisposable
{
    private readonly CommandFixture _fixture = new();
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Validate_Valid_SaysWhatItIs()
    {
        Assert.Equal(0, await _fixture.RunAsync("validate", "--config", _directory.Write("a.yaml", "version: 1")));
        Assert.Equal("OK: 0 routes, 0 clusters, 0 warnings, revision ed4d025ad0e8\n", _fixture.Output);
        Assert.Empty(_fixture.Error);
    }

    [Fact]
    public async Task Validate_Errors_AreAllPrintedAndExit64()
    {
        _fixture.Load = (_, _) => TestConfigurations.Refused("one", "two");

        Assert.Equal(64, await _fixture.RunAsync("validate", "--config", _directory.Write("a.yaml", "")));
        Assert.Equal("sidecar.yaml:3: routes.a: one\nsidecar.yaml:3: routes.a: two\n2 errors\n", _fixture.Error);
        Assert.Empty(_fixture.Output);
    }

    [Fact]
    public async Task Validate_EngineRefuses_Exits64()
    {
        _fixture.Check = _ => [TestConfigurations.Problem("ambiguous")];

        Assert.Equal(64, await _fixture.RunAsync("validate", "--config", _directory.Write("a.yaml", "")));
        Assert.Contains("ambiguous", _fixture.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_Warnings_ArePrintedAndExit0()
    {
        _fixture.Load = (_, _) => TestConfigurations.Accepted("{}", "no perTry");

        Assert.Equal(0, await _fixture.RunAsync("validate", "--config", _directory.Write("a.yaml", "")));
        Assert.Equal("warning: sidecar.yaml:3: routes.a: no perTry\n", _fixture.Error);
        Assert.Contains("1 warning,", _fixture.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_PrintEffective_LeavesOnlyTheDocumentOnStandardOutput()
    {
        Assert.Equal(0, await _fixture.RunAsync("validate", "--print-effective", "--config", _directory.Write("a.yaml", "")));
        Assert.Equal("{ \"effective\": true }\n", _fixture.Output);
        Assert.StartsWith("OK", _fixture.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_MissingFile_Exits64()
    {
        Assert.Equal(64, await _fixture.RunAsync("validate", "--config", _directory.File("missing.yaml")));
        Assert.Contains("missing.yaml: (file): the file does not exist", _fixture.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_NoFileNamed_Exits64()
    {
        Assert.Equal(64, await _fixture.RunAsync("validate"));
        Assert.Equal(64, await _fixture.RunAsync("validate", "--pod"));
        Assert.Contains("Nothing to validate", _fixture.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Validate_Pod_LaysThePodsListenersUnderTheFiles(bool isPod)
    {
        IReadOnlyList<ConfigurationSource> sources = [];
        _fixture.Load = (given, _) =>
        {
            sources = given;
            return TestConfigurations.Accepted();
        };
        var file = _directory.Write("a.yaml", "version: 1");

        Assert.Equal(0, await _fixture.RunAsync(["validate", "--config-optional", file, .. isPod ? (string[])["--pod"] : []]));

        Assert.Equal(isPod ? [file, "--pod"] : [file], sources.Select(source => source.Name));
    }

    [Fact]
    public async Task Validate_StandardInputAmongFiles_KeepsItsPlace()
    {
        IReadOnlyList<ConfigurationSource> sources = [];
        IReadOnlyList<ConfigurationOverride> overrides = [];
        _fixture.Load = (given, sets) =>
        {
            (sources, overrides) = (given, sets);
            return TestConfigurations.Accepted();
        };
        _fixture.Input = "from: input";
        var first = _directory.Write("a.yaml", "from: a");
        var last = _directory.Write("b.yaml", "from: b");

        Assert.Equal(0, await _fixture.RunAsync("validate", "--config", first, "--config", "-", "--config-optional", last, "--set", "x=1"));

        Assert.Equal([first, "standard input", last], sources.Select(source => source.Name));
        Assert.Equal("from: input", sources[1].Text);
        Assert.Equal("x=1", Assert.Single(overrides).Expression);
    }
}
