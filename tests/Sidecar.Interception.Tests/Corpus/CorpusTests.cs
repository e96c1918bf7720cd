using System.Collections.Concurrent;

namespace Sidecar.Interception.Tests.Corpus;

/// <summary>The corpus without any proxy: what every comparison stands on.</summary>
public sealed class DirectCorpusTests(CorpusNetworks networks) : IClassFixture<CorpusNetworks>
{
    public static IEnumerable<object[]> Ids => CorpusMessages.All.Select(message => new object[] { message.Id });

    [Fact]
    public void Corpus_Ids_AreUniqueAndManyEnough()
    {
        Assert.Empty(CorpusMessages.All.GroupBy(message => message.Id).Where(group => group.Count() > 1).Select(group => group.Key));
        Assert.True(CorpusMessages.All.Count >= 300, $"{CorpusMessages.All.Count} messages");
    }

    // If a message sent directly is not seen the same way every time, its comparison with another way would mean nothing.
    [NetnsTheory]
    [MemberData(nameof(Ids))]
    public async Task Direct_SentTwice_IsWholeAndTheSame(string id)
    {
        var message = CorpusMessages.All.Single(message => message.Id == id);
        var first = await networks.DirectAsync(message);
        var second = await networks.SendAsync(networks.Direct, message, Direction.Inbound, isIPv6: true);

        Assert.True(first.IsWhole, $"{id}: {string.Join('\n', first.Fields())}");
        Assert.Equal([], Recording.Differences(first.Fields(), second.Fields()));
    }
}

/// <summary>The corpus through the interception: nothing may differ but what the closed list allows.</summary>
public sealed class InterceptedCorpusTests(CorpusNetworks networks) : IClassFixture<CorpusNetworks>, IInterceptedSuite
{
    public static IEnumerable<object[]> Ids => CorpusMessages.All.Select(message => new object[] { message.Id });

    public static IEnumerable<object[]> InboundIds => Repeated.Where(message => !message.IsOutboundOnly).Select(message => new object[] { message.Id });

    public static IEnumerable<object[]> RoutedIds => Repeated.Where(message => !message.IsMirroredOnly).Select(message => new object[] { message.Id });

    private static IEnumerable<CorpusMessage> Repeated => CorpusMessages.All.Where(message => PlatformDifferences.Of(message.Id) is not { IsHang: true });

    [Fact]
    public void PlatformDifferences_Ids_AreMessagesOfTheCorpus() =>
        Assert.Empty(PlatformDifferences.All.SelectMany(row => row.Ids).Except(CorpusMessages.All.Select(message => message.Id)));

    [NetnsTheory]
    [MemberData(nameof(Ids))]
    public async Task Outbound_Passthrough_ChangesNothingButTheList(string id) =>
        await CompareAsync(id, await networks.PassthroughAsync(), Direction.Outbound, isIPv6: false, AddedHeaders.None);

    [NetnsTheory]
    [MemberData(nameof(InboundIds))]
    public async Task Inbound_Passthrough_ChangesNothingButTheList(string id) =>
        await CompareAsync(id, await networks.PassthroughAsync(), Direction.Inbound, isIPv6: true, AddedHeaders.None);

    [NetnsTheory]
    [MemberData(nameof(RoutedIds))]
    public async Task Outbound_WrittenRoute_ChangesNothingButTheList(string id) =>
        await CompareAsync(id, await networks.RoutedAsync(), Direction.Outbound, isIPv6: true, AddedHeaders.OfWrittenRoute);

    private async Task CompareAsync(string id, PodNetwork network, Direction direction, bool isIPv6, AddedHeaders added)
    {
        var message = CorpusMessages.All.Single(message => message.Id == id);
        var direct = await networks.DirectAsync(message);
        var intercepted = await networks.SendAsync(network, message, direction, isIPv6);
        var differences = AllowedChanges.Unexplained(direct, intercepted, added);
        if (PlatformDifferences.Of(id) is { } platform)
        {
            // Said once, by the setting that sends every message.
            Assert.True(differences.Count > 0 || direction == Direction.Inbound || added != AddedHeaders.None, $"{id} no longer differs: remove it from PlatformDifferences and from the README.");
            differences = [.. differences.Where(difference => !platform.IsHang && !platform.Fields.Any(field => difference.StartsWith(field, StringComparison.Ordinal)))];
        }

        Assert.True(differences.Count == 0, $"{id}:\n{string.Join('\n', differences)}");
        Assert.True(network.Pod.Sidecar.IsRunning, network.Pod.Sidecar.Logs.Text);
    }
}

/// <summary>The networks of a corpus run: one without a sidecar, and one per document, each built when first needed.</summary>
public sealed class CorpusNetworks : IAsyncLifetime
{
    private readonly ConcurrentDictionary<string, Task<Recording>> _direct = new();
    private readonly ConcurrentDictionary<string, Task<PodNetwork>> _networks = new();

    /// <summary>No sidecar.</summary>
    internal PodNetwork Direct => _networks[""].Result;

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        if (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && Command.Exists("ip"))
        {
            await NetworkAsync("");
        }
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        foreach (var network in _networks.Values.Where(network => network.IsCompletedSuccessfully))
        {
            await network.Result.DisposeAsync();
        }
    }

    internal Task<PodNetwork> PassthroughAsync() => NetworkAsync(PodDocument.Passthrough);

    internal Task<PodNetwork> RoutedAsync() => NetworkAsync(PodDocument.Routed);

    /// <summary>What the message looks like without a proxy; sent once.</summary>
    internal Task<Recording> DirectAsync(CorpusMessage message) =>
        _direct.GetOrAdd(message.Id, _ => SendAsync(Direct, message, Direction.Outbound, isIPv6: false));

    internal Task<Recording> SendAsync(PodNetwork network, CorpusMessage message, Direction direction, bool isIPv6)
    {
        var (client, server, address) = network.Path(direction, isIPv6);
        return Conversation.RunAsync(message, client, server, address);
    }

    private Task<PodNetwork> NetworkAsync(string document) => _networks.GetOrAdd(document, async _ =>
    {
        var network = await PodNetwork.CreateAsync();
        try
        {
            if (document.Length > 0)
            {
                await network.Pod.StartSidecarAsync(document);
            }

            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    });
}
