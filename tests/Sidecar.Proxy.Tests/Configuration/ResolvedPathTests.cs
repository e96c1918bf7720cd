using Sidecar.Proxy.Configuration;

namespace Sidecar.Proxy.Tests.Configuration;

public sealed class ResolvedPathTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Of_PlainFile_IsItself() => Assert.Equal(_directory.Write("a", ""), ResolvedPath.Of(_directory.File("a")));

    [Fact]
    public void Of_LinksInTheMiddleAndAtTheEnd_AreFollowed()
    {
        Directory.CreateDirectory(_directory.File("..2026"));
        var real = _directory.Write("..2026/sidecar.yaml", "");
        Directory.CreateSymbolicLink(_directory.File("..data"), "..2026");
        File.CreateSymbolicLink(_directory.File("sidecar.yaml"), "..data/sidecar.yaml");

        Assert.Equal(real, ResolvedPath.Of(_directory.File("sidecar.yaml")));
    }

    [Fact]
    public void Of_AbsoluteTargetAndParentSteps_AreFollowed()
    {
        Directory.CreateDirectory(_directory.File("x/y"));
        var real = _directory.Write("real", "");
        File.CreateSymbolicLink(_directory.File("x/y/up"), "../../real");
        File.CreateSymbolicLink(_directory.File("link"), _directory.File("x/y/up"));

        Assert.Equal(real, ResolvedPath.Of(_directory.File("link")));
    }

    [Fact]
    public void Of_LinkToItself_Ends()
    {
        File.CreateSymbolicLink(_directory.File("loop"), "loop");

        Assert.Equal(_directory.File("loop"), ResolvedPath.Of(_directory.File("loop")));
    }

    [Fact]
    public void Of_MissingFile_IsThePath() => Assert.Equal(_directory.File("none/there"), ResolvedPath.Of(_directory.File("none/there")));
}
