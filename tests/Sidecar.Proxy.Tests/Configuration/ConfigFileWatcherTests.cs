using Sidecar.Proxy.Configuration;
using Sidecar.TestKit;

namespace Sidecar.Proxy.Tests.Configuration;

public sealed class ConfigFileWatcherTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();
    private readonly ConfigFileSet _files;
    private readonly string _path;
    private DateTime _written = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public ConfigFileWatcherTests()
    {
        _path = _directory.File("sidecar.yaml");
        Write("version: 1");
        _files = new ConfigFileSet([_path], []);
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Poll_NothingChanged_GivesNothing()
    {
        var watcher = NewWatcher();

        for (var i = 0; i < 10; i++)
        {
            Assert.Null(watcher.Poll(ReloadTrigger.FileChange));
        }
    }

    [Fact]
    public void Poll_RewrittenInPlace_GivesItOnceItIsTheSameTwice()
    {
        var watcher = NewWatcher();
        Write("version: 1 # changed");

        Assert.Null(watcher.Poll(ReloadTrigger.FileChange));
        Assert.Equal("version: 1 # changed", watcher.Poll(ReloadTrigger.FileChange)?.Sources[0].Text);
        Assert.Null(watcher.Poll(ReloadTrigger.FileChange));
    }

    [Fact]
    public void Poll_HalfWrittenFile_IsNotGivenWhileItGrows()
    {
        var watcher = NewWatcher();
        foreach (var text in (string[])["", "vers", "version: 1", "version: 1\nroutes: {}"])
        {
            Write(text);
            Assert.Null(watcher.Poll(ReloadTrigger.FileChange));
        }

        Assert.Equal("version: 1\nroutes: {}", watcher.Poll(ReloadTrigger.FileChange)?.Sources[0].Text);
    }

    [Fact]
    public void Poll_ChangedAndChangedBack_GivesNothing()
    {
        var watcher = NewWatcher();
        Write("other");
        Assert.Null(watcher.Poll(ReloadTrigger.FileChange));
        Write("version: 1");

        Assert.Null(watcher.Poll(ReloadTrigger.FileChange));
        Assert.Null(watcher.Poll(ReloadTrigger.FileChange));
    }

    [Fact]
    public void Poll_SecondWriteWithinOneTickOfTheClock_IsSeen()
    {
        var watcher = NewWatcher();
        Write("version: 1a");
        Assert.Null(watcher.Poll(ReloadTrigger.FileChange));
        Assert.NotNull(watcher.Poll(ReloadTrigger.FileChange));

        WriteKeepingTheStamp("version: 1b");

        Assert.Null(watcher.Poll(ReloadTrigger.FileChange));
        Assert.Equal("version: 1b", watcher.Poll(ReloadTrigger.FileChange)?.Sources[0].Text);
    }

    [Fact]
    public void Poll_TouchedWithoutAChange_GivesNothing()
    {
        var watcher = NewWatcher();
        Write("version: 1");

        Assert.Null(watcher.Poll(ReloadTrigger.FileChange));
        Assert.Null(watcher.Poll(ReloadTrigger.FileChange));
    }

    [Fact]
    public void Poll_FileDisappearsAndComesBack_GivesBoth()
    {
        var watcher = NewWatcher();
        File.Delete(_path);
        Assert.Null(watcher.Poll(ReloadTrigger.FileChange));
        Assert.True(watcher.Poll(ReloadTrigger.FileChange)?.IsRequiredFileMissing);

        Write("version: 1");
        Assert.Null(watcher.Poll(ReloadTrigger.FileChange));
        Assert.Empty(watcher.Poll(ReloadTrigger.FileChange)!.Problems);
    }

    [Fact]
    public void Poll_OptionalFileAppears_GivesIt()
    {
        var optional = _directory.File("optional.yaml");
        var files = new ConfigFileSet([_path], [optional]);
        var watcher = new ConfigFileWatcher(files, _time, files.Read());
        Assert.Null(watcher.Poll(ReloadTrigger.FileChange));

        _directory.Write("optional.yaml", "routes: {}");

        Assert.Null(watcher.Poll(ReloadTrigger.FileChange));
        Assert.Equal(2, watcher.Poll(ReloadTrigger.FileChange)?.Sources.Length);
    }

    [Fact]
    public void Poll_ConfigMapLinkIsSwapped_GivesTheNewContent()
    {
        using var volume = new TemporaryDirectory();
        Directory.CreateDirectory(volume.File("..1"));
        Directory.CreateDirectory(volume.File("..2"));
        volume.Write("..1/sidecar.yaml", "one");
        volume.Write("..2/sidecar.yaml", "two");
        Directory.CreateSymbolicLink(volume.File("..data"), "..1");
        File.CreateSymbolicLink(volume.File("sidecar.yaml"), "..data/sidecar.yaml");
        var files = new ConfigFileSet([volume.File("sidecar.yaml")], []);
        var watcher = new ConfigFileWatcher(files, _time, files.Read());

        Directory.Delete(volume.File("..data"));
        Directory.CreateSymbolicLink(volume.File("..data"), "..2");

        Assert.Null(watcher.Poll(ReloadTrigger.FileChange));
        Assert.Equal("two", watcher.Poll(ReloadTrigger.FileChange)?.Sources[0].Text);
    }

    [Fact]
    public void Poll_Signal_GivesAtOnceEvenWithoutAChange()
    {
        var watcher = NewWatcher();

        Assert.NotNull(watcher.Poll(ReloadTrigger.Signal));

        Write("changed");
        Assert.Equal("changed", watcher.Poll(ReloadTrigger.Signal)?.Sources[0].Text);
        Assert.Null(watcher.Poll(ReloadTrigger.FileChange));
    }

    [Fact]
    public async Task RunAsync_FileChanges_IsDeliveredAfterIntervalAndSettling()
    {
        var watcher = NewWatcher();
        var delivered = new TaskCompletionSource<(string Text, ReloadTrigger Trigger)>();
        using var end = new CancellationTokenSource();
        var running = watcher.RunAsync((reading, trigger) => delivered.SetResult((reading.Sources[0].Text, trigger)), end.Token);
        await _time.WaitForTimersAsync(1);
        Write("changed");

        _time.Advance(ConfigFileWatcher.Interval);
        await _time.WaitForTimersAsync(1);
        Assert.False(delivered.Task.IsCompleted);
        Assert.Equal(ConfigFileWatcher.Settle, _time.NextDueIn);
        _time.Advance(ConfigFileWatcher.Settle);

        Assert.Equal(("changed", ReloadTrigger.FileChange), await delivered.Task);
        await end.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Trigger_WhileWaiting_DeliversWithoutTimePassing()
    {
        var watcher = NewWatcher();
        var delivered = new TaskCompletionSource<ReloadTrigger>();
        using var end = new CancellationTokenSource();
        var running = watcher.RunAsync((_, trigger) => delivered.SetResult(trigger), end.Token);

        watcher.Trigger();

        Assert.Equal(ReloadTrigger.Signal, await delivered.Task);
        Assert.Equal(TimeSpan.Zero, _time.Elapsed);
        await end.CancelAsync();
        await running;
    }

    private ConfigFileWatcher NewWatcher() => new(_files, _time, _files.Read());

    // The file system's clock is not the test's: every write gets a time of its own.
    private void Write(string text)
    {
        File.WriteAllText(_path, text);
        _written += TimeSpan.FromSeconds(1);
        File.SetLastWriteTimeUtc(_path, _written);
    }

    private void WriteKeepingTheStamp(string text)
    {
        File.WriteAllText(_path, text);
        File.SetLastWriteTimeUtc(_path, _written);
    }
}
