using Sidecar.Proxy.Overload;
using Sidecar.TestKit;

namespace Sidecar.Proxy.Tests.Overload;

public class BusyMemoryTests
{
    private const long MiB = 1 << 20;

    private readonly ManualTimeProvider _time = new();
    private readonly BusyMemory _memory;
    private OldGeneration _old = new(0, 2 * MiB);
    private long _closed;
    private int _collected;

    public BusyMemoryTests() => _memory = new BusyMemory(() => _old, () => _closed, _time, Collect);

    [Fact]
    public void NothingGrewOrClosed_HoweverLong_NeverCollects()
    {
        Watch(seconds: 3600);

        Assert.Equal(0, _collected);
    }

    [Fact]
    public void OldObjectsGrew_CollectsOnceTwoMinutesAfterTheLastFullCollection()
    {
        Watch(seconds: 10);
        _old = _old with { Bytes = 3 * MiB };
        Watch(seconds: 110);
        Assert.Equal(0, _collected);

        Watch(seconds: 1);
        Assert.Equal(1, _collected);

        Watch(seconds: 3600);
        Assert.Equal(1, _collected);
    }

    [Fact]
    public void ConnectionsClosed_WithoutGrowth_Collects()
    {
        // A full collection amid a burst keeps what is alive then; nothing is added when it dies.
        Watch(seconds: 1);
        _closed += 84;
        Watch(seconds: 121);

        Assert.Equal(1, _collected);
    }

    [Theory]
    [InlineData(83, 0)]
    [InlineData(0, MiB - 1)]
    public void LessThanAMegabyte_IsNotWorthAPause(long closed, long grown)
    {
        Watch(seconds: 1);
        _closed += closed;
        _old = _old with { Bytes = _old.Bytes + grown };
        Watch(seconds: 3600);

        Assert.Equal(0, _collected);
    }

    [Fact]
    public void LessThanAQuarterOfWhatIsKept_IsNotWorthAPause()
    {
        _old = _old with { Bytes = 100 * MiB };
        Watch(seconds: 1);
        _old = _old with { Bytes = (125 * MiB) - 1 };
        Watch(seconds: 3600);
        Assert.Equal(0, _collected);

        _old = _old with { Bytes = 125 * MiB };
        Watch(seconds: 1);
        Assert.Equal(1, _collected);
    }

    [Fact]
    public void SteadyChurn_CollectsEveryTwoMinutesAtMost()
    {
        for (var second = 0; second < 605; second++)
        {
            _closed += 1000;
            Watch(seconds: 1);
        }

        Assert.Equal(5, _collected);
    }

    [Fact]
    public void CollectionOfSomebodyElse_StartsAnew()
    {
        Watch(seconds: 1);
        _closed += 1000;
        Watch(seconds: 100);
        _old = new OldGeneration(1, 2 * MiB);
        Watch(seconds: 3600);

        Assert.Equal(0, _collected);
    }

    [Fact]
    public void Look_AfterAFullCollection_CountsItAndWhatItKept()
    {
        var large = new byte[10 * MiB];
        var small = Enumerable.Range(0, 5000).Select(static _ => new byte[2000]).ToArray();
        var before = OldGeneration.Look();
        for (var i = 0; i <= GC.MaxGeneration; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
        }

        var after = OldGeneration.Look();

        Assert.True(after.FullCollections >= before.FullCollections + 3);
        Assert.True(after.Bytes >= large.Length + (small.Length * 2000L), $"{after.Bytes}");
        GC.KeepAlive(small);
        GC.KeepAlive(large);
    }

    private void Collect()
    {
        _collected++;
        _old = new OldGeneration(_old.FullCollections + 1, 2 * MiB);
    }

    private void Watch(int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            _memory.Observe();
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }
}
