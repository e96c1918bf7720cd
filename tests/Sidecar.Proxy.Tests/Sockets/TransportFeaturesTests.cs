using Sidecar.Proxy.Sockets;

namespace Sidecar.Proxy.Tests.Sockets;

public sealed class TransportFeaturesTests
{
    [Fact]
    public void Features_AreSetReplacedAndRemoved()
    {
        var features = new TransportFeatures();
        Assert.Null(features.Get<string>());

        features.Set("one");
        features.Set("two");
        features.Set(new Uri("http://a/"));
        var revision = features.Revision;
        features.Set<string>(null);

        Assert.Null(features.Get<string>());
        Assert.NotEqual(revision, features.Revision);
        Assert.Equal([typeof(Uri)], features.Select(feature => feature.Key));
        features.Set("three");
        Assert.Equal("three", features[typeof(string)]);
    }

    [Fact]
    public void Features_MoreThanThereWasRoomFor_AreAllFound()
    {
        var features = new TransportFeatures();
        var types = typeof(Uri).Assembly.GetTypes().Take(40).ToArray();

        foreach (var type in types)
        {
            features[type] = type.Name;
        }

        Assert.All(types, type => Assert.Equal(type.Name, features[type]));
    }

    [Fact]
    public void BlockPool_ABlockGivenBackTwice_IsLentOnce()
    {
        var block = BlockPool.Instance.Rent();
        block.Dispose();
        block.Dispose();

        using var one = BlockPool.Instance.Rent();
        using var other = BlockPool.Instance.Rent(BlockPool.BlockSize);

        Assert.NotSame(one, other);
        Assert.Equal(BlockPool.BlockSize, other.Memory.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => BlockPool.Instance.Rent(BlockPool.BlockSize + 1));
    }
}
