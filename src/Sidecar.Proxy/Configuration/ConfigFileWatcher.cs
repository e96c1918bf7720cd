using System.Threading.Channels;

namespace Sidecar.Proxy.Configuration;

/// <summary>What made the files be read again.</summary>
public enum ReloadTrigger
{
    /// <summary>A file changed.</summary>
    FileChange,

    /// <summary>SIGHUP.</summary>
    Signal,
}

/// <summary>
/// Tells when configuration files changed, by looking once a second: at real path, size and time first, at the content
/// when these differ. inotify would be faster but its instances are 128 per user, and every sidecar of a node
/// is the same user.
/// </summary>
/// <param name="files">What to watch.</param>
/// <param name="time">The clock.</param>
/// <param name="started">What the proxy was started with: the first change is a change from this.</param>
public sealed class ConfigFileWatcher(ConfigFileSet files, TimeProvider time, ConfigFileReading started)
{
    /// <summary>Time between looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A changed content is believed when it is the same this much later: a file that is rewritten in place is seen
    /// half-written otherwise, and half a document may well be a valid one.
    /// </summary>
    public static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(100);

    // A second write within one tick of the file system's clock leaves size and time as they were, so a stamp is
    // trusted only after its content was read over a longer time than the slowest clock's tick: FAT's, two seconds.
    private const int ReadsUntilTrusted = 4;

    private readonly Channel<bool> _wakeUps = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private int _isSignalled;
    private string? _stamp;
    private int _readsOfStamp;
    private string _knownDigest = started.Digest;
    private string? _candidateDigest;

    /// <summary>SIGHUP: reads and delivers at once, changed or not. Any thread.</summary>
    public void Trigger()
    {
        Volatile.Write(ref _isSignalled, 1);
        _wakeUps.Writer.TryWrite(true);
    }

    /// <summary>Looks until cancelled, and hands every change over, one at a time.</summary>
    /// <param name="changed">Must not throw; the next look waits for it.</param>
    /// <param name="cancellationToken">Ends the watch without an exception.</param>
    public async Task RunAsync(Action<ConfigFileReading, ReloadTrigger> changed, CancellationToken cancellationToken)
    {
        await using var timer = time.CreateTimer(
            static writer => ((ChannelWriter<bool>)writer!).TryWrite(true), _wakeUps.Writer, Interval, Timeout.InfiniteTimeSpan);
        try
        {
            while (true)
            {
                await _wakeUps.Reader.ReadAsync(cancellationToken);
                var trigger = Interlocked.Exchange(ref _isSignalled, 0) == 1 ? ReloadTrigger.Signal : ReloadTrigger.FileChange;
                if (Poll(trigger) is { } reading)
                {
                    changed(reading, trigger);
                }

                timer.Change(_candidateDigest is null ? Interval : Settle, Timeout.InfiniteTimeSpan);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end of the process; nothing to tell.
        }
    }

    /// <summary>One look; a reading when it is to be handed over.</summary>
    internal ConfigFileReading? Poll(ReloadTrigger trigger)
    {
        var stamp = files.Stamp();
        if (stamp != _stamp)
        {
            _stamp = stamp;
            _readsOfStamp = 0;
        }

        var isTrusted = _readsOfStamp >= ReadsUntilTrusted && _candidateDigest is null;
        if (trigger == ReloadTrigger.FileChange && isTrusted)
        {
            return null;
        }

        _readsOfStamp++;
        var reading = files.Read();
        if (trigger == ReloadTrigger.Signal)
        {
            return Deliver(reading);
        }

        if (reading.Digest == _knownDigest)
        {
            _candidateDigest = null;
            return null;
        }

        if (reading.Digest == _candidateDigest)
        {
            return Deliver(reading);
        }

        _candidateDigest = reading.Digest;
        return null;
    }

    private ConfigFileReading Deliver(ConfigFileReading reading)
    {
        _knownDigest = reading.Digest;
        _candidateDigest = null;
        return reading;
    }
}
