using Sidecar.Proxy.Configuration;

namespace Sidecar.Proxy.Tests.Configuration;

public sealed class StateDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Load_NothingKept_IsNull() => Assert.Null(new StateDirectory(_directory.Path).Load());

    [Fact]
    public void Save_ThenLoad_GivesTheDocument()
    {
        var state = new StateDirectory(_directory.File("new/state"));

        Assert.Null(state.Save("{\"version\":1}"));
        Assert.Null(state.Save("{\"version\":1,\"routes\":{}}"));

        Assert.Equal("{\"version\":1,\"routes\":{}}", state.Load()?.Text);
        Assert.Equal([StateDirectory.FileName], Directory.GetFiles(_directory.File("new/state")).Select(Path.GetFileName));
    }

    [Fact]
    public void Save_File_IsReadableByTheOwnerOnly()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        new StateDirectory(_directory.Path).Save("{}");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_directory.File(StateDirectory.FileName)));
    }

    [Fact]
    public void Save_LeftoverAndLinkInPlaceOfTheTemporaryFile_AreReplacedNotFollowed()
    {
        var victim = _directory.Write("victim", "precious");
        File.CreateSymbolicLink(_directory.File(StateDirectory.FileName + ".tmp"), victim);

        Assert.Null(new StateDirectory(_directory.Path).Save("{}"));

        Assert.Equal("precious", File.ReadAllText(victim));
    }

    [Fact]
    public void Save_NotADirectory_SaysWhy()
    {
        var state = new StateDirectory(_directory.Write("file", ""));

        Assert.Contains("could not be kept", state.Save("{}"), StringComparison.Ordinal);
        Assert.Null(state.Load());
    }
}
