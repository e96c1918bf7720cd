using Sidecar.Proxy.Configuration;
using Sidecar.TestKit;
using static Sidecar.Proxy.Tests.Configuration.TestConfigurations;

namespace Sidecar.Proxy.Tests.Configuration;

public sealed class ConfigurationStoreTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Constructor_NothingAccepted_Throws() => Assert.Throws<ArgumentException>(
        () => new ConfigurationStore(new InitialConfiguration(null, ConfigurationOrigin.Written, null), [], _time));

    [Fact]
    public void Current_AfterTheStart_IsTheInitialOne()
    {
        var store = NewStore();

        Assert.Equal(ConfigurationOrigin.LastGood, store.Current.Origin);
        Assert.Equal("because", store.Current.Reason);
        Assert.Equal(_time.GetUtcNow(), store.Current.LoadedAt);
    }

    [Fact]
    public void Hash_EqualDocuments_AreEqualAndTwelveDigitsLong()
    {
        // The same in every process and version: two sidecars of one document can be compared.
        Assert.Equal("ed4d025ad0e8", ConfigurationRevision.Hash("{}"));
        Assert.NotEqual(ConfigurationRevision.Hash("{}"), ConfigurationRevision.Hash("{ }"));
    }

    [Fact]
    public void Swap_Listeners_SeeTheNewOneInTheOrderOfSubscription()
    {
        var store = NewStore();
        var seen = new List<string>();
        store.Subscribe(revision => seen.Add($"first {revision.Revision} {ReferenceEquals(store.Current, revision)}"));
        store.Subscribe(revision => seen.Add($"second {revision.Revision} {ReferenceEquals(store.Current, revision)}"));
        _time.Advance(TimeSpan.FromSeconds(5));

        var swapped = store.Swap(Accepted("{\"new\":1}", "warned"), []);

        Assert.Equal([$"first {swapped.Revision} True", $"second {swapped.Revision} True"], seen);
        Assert.Equal((ConfigurationOrigin.Written, null), (swapped.Origin, swapped.Reason));
        Assert.Equal(_time.GetUtcNow(), swapped.LoadedAt);
        Assert.Single(swapped.Warnings);
    }

    [Fact]
    public void Reject_Current_Stays()
    {
        var store = NewStore();
        var before = store.Current;
        store.Subscribe(_ => Assert.Fail("nothing was swapped"));

        store.Reject([Problem("bad")], [new ConfigFileStatus("a", false, true)]);

        Assert.Same(before, store.Current);
        Assert.Equal("bad", Assert.Single(store.LastRejection!.Problems).Message);
        Assert.Single(store.Files);
    }

    [Fact]
    public void Swap_AfterARejection_ForgetsIt()
    {
        var store = NewStore();
        store.Reject([Problem("bad")], []);

        store.Swap(Accepted(), []);

        Assert.Null(store.LastRejection);
    }

    [Fact]
    public void Swap_ResultWithErrors_Throws()
    {
        var store = NewStore();

        Assert.Throws<ArgumentException>(() => store.Swap(Refused("bad"), []));
        Assert.Equal(ConfigurationOrigin.LastGood, store.Current.Origin);
    }

    private ConfigurationStore NewStore() => new(new InitialConfiguration(Accepted(), ConfigurationOrigin.LastGood, "because"), [], _time);
}
