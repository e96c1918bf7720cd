using Microsoft.AspNetCore.Http;
using Sidecar.Injector.Kubernetes;
using Sidecar.TestKit;
using Sidecar.TestKit.Network;

namespace Sidecar.Injector.Tests.Kubernetes;

public sealed class ClusterViewTests : IAsyncLifetime
{
    private const string Namespaces = "/api/v1/namespaces";
    private const string Nodes = "/api/v1/nodes";

    private readonly ManualTimeProvider _clock = new();
    private readonly RecordedLog _log = new();
    private readonly CancellationTokenSource _stopping = new();
    private FakeApiServer _server = null!;
    private ApiClient _api = null!;
    private ClusterView _view = null!;
    private Task _running = Task.CompletedTask;

    public async Task InitializeAsync()
    {
        _server = await FakeApiServer.StartAsync();
        _api = new ApiClient(_server.Endpoint, _clock);
        _view = new ClusterView(_api, _clock, static () => 0, _log);
    }

    public async Task DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Patience.Await(_running, "the view stops");
        _api.Dispose();
        await _server.DisposeAsync();
        _stopping.Dispose();
    }

    [Fact]
    public async Task Namespace_ListedChangedDeleted_IsFollowed()
    {
        PutNamespace("shop", "enabled");
        await StartAsync();
        Assert.Equal("enabled", _view.Namespace("shop")?.Labels["sidecarproxy.io/inject"]);
        Assert.Null(_view.Namespace("other"));
        await WatchedAsync(Namespaces);

        PutNamespace("other", "enabled");
        await UntilAsync(() => _view.Namespace("other") is not null, "a new namespace is seen");
        PutNamespace("other", "disabled");
        await UntilAsync(() => _view.Namespace("other")?.Labels["sidecarproxy.io/inject"] == "disabled", "a change is seen");
        _server.Delete($"{Namespaces}/other");
        await UntilAsync(() => _view.Namespace("other") is null, "a deletion is seen");

        Assert.Equal(1, _server.Requests.Count(static request => request.StartsWith("GET /api/v1/namespaces?limit", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Namespace_ManyPages_AreAllRead()
    {
        for (var i = 0; i < 250; i++)
        {
            PutNamespace($"ns-{i:000}", "enabled");
        }

        await StartAsync();

        Assert.Equal(250, _view.NamespaceCount);
        Assert.Equal(3, _server.Requests.Count(static request => request.StartsWith("GET /api/v1/namespaces?limit", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Namespace_HugeObjects_AreReadInSmallerPagesAndKeptSmall()
    {
        var filler = new string('x', 1024 * 1024);
        for (var i = 0; i < 30; i++)
        {
            _server.Put($"{Namespaces}/ns-{i}", $$$$"""{"metadata":{"name":"ns-{{{{i}}}}","labels":{"a":"{{{{filler}}}}","sidecarproxy.io/inject":"enabled"},"annotations":{"b":"{{{{filler}}}}","sidecarproxy.io/log-level":"{{{{filler}}}}"}}}""");
        }

        await StartAsync();

        Assert.Equal(30, _view.NamespaceCount);
        var facts = _view.Namespace("ns-7")!;
        Assert.Equal(["sidecarproxy.io/inject"], facts.Labels.Keys);
        var cut = Assert.Single(facts.Annotations).Value;
        Assert.Equal(ClusterKinds.MaxValueLength + 1, cut.Length);
        Assert.EndsWith("…", cut, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Namespace_WatchedLineOfOneMegabyte_IsTaken()
    {
        await StartAsync();
        await WatchedAsync(Namespaces);

        _server.Put($"{Namespaces}/large", $$$$"""{"metadata":{"name":"large","labels":{"a":"{{{{new string('x', 1024 * 1024)}}}}","sidecarproxy.io/inject":"enabled"}}}""");

        await UntilAsync(() => _view.Namespace("large") is not null, "the large namespace is seen");
    }

    [Theory]
    [InlineData("""{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old resource version"}}""")]
    [InlineData("""{"type":"ERROR","object":{}}""")]
    [InlineData("""{"type":"ADDED"}""")]
    [InlineData("""{"type":"ADDED","object":{"metadata":{"name":"x"}}}""")]
    [InlineData("""[1,2""")]
    [InlineData("""{"type":7}""")]
    [InlineData("nonsense")]
    [InlineData("")]
    public async Task Namespace_WatchThatCannotBeUnderstood_IsListedAgain(string line)
    {
        await StartAsync();
        await WatchedAsync(Namespaces);
        _server.Put($"{Namespaces}/gone", """{"metadata":{"name":"gone"}}""");
        await UntilAsync(() => _view.Namespace("gone") is not null, "it is seen");

        // The deletion itself is never told: only a new list shows it.
        _server.Intercept = static context => context.Request.Query.ContainsKey("watch") ? FakeApiServer.RefuseAsync(context, 503, "no watch") : Task.FromResult(false);
        _server.SendLine(Namespaces, line);
        _server.EndWatches();
        await UntilAsync(() => _server.OpenWatches == 0, "the watches are over");
        _server.Delete($"{Namespaces}/gone");

        await UntilAsync(() => _view.Namespace("gone") is null, "everything is listed again");
    }

    [Fact]
    public async Task Namespace_GoneAtTheBeginningOfAWatch_IsListedAgain()
    {
        var refused = 0;
        _server.Intercept = context => context.Request.Query.ContainsKey("watch") && Interlocked.Increment(ref refused) <= 2
            ? FakeApiServer.RefuseAsync(context, 410, "expired")
            : Task.FromResult(false);
        await StartAsync();
        await WatchedAsync(Namespaces);

        PutNamespace("late", "enabled");

        await UntilAsync(() => _view.Namespace("late") is not null, "the watch works in the end");
        Assert.Equal(0, _log.Count(ControlEvents.ApiUnavailable));
    }

    [Fact]
    public async Task Namespace_BookmarkThenEnd_NextWatchGoesOnFromThere()
    {
        await StartAsync();
        await WatchedAsync(Namespaces);

        _server.SendLine(Namespaces, """{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"5555"}}}""");
        _server.SendLine(Namespaces, """{"type":"SOMETHING-NEW","object":{}}""");
        _server.EndWatches();

        await UntilAsync(() => _server.Requests.Any(static request => request.Contains("resourceVersion=5555", StringComparison.Ordinal)), "a watch from the bookmark");
    }

    [Fact]
    public async Task Namespace_ServerAway_KeepsWhatWasSeenAndSaysItOnce()
    {
        PutNamespace("shop", "enabled");
        await StartAsync();
        await WatchedAsync(Namespaces);
        var requests = 0;
        _server.Intercept = context =>
        {
            Interlocked.Increment(ref requests);
            return FakeApiServer.RefuseAsync(context, 503, "etcd is away\nreally");
        };
        _server.EndWatches();

        await UntilAsync(() => requests > 8, "it tries again and again");

        Assert.NotNull(_view.Namespace("shop"));
        var line = Assert.Single(_log.Events, static item => item.Name == ControlEvents.ApiUnavailable && item.Message.StartsWith("namespaces", StringComparison.Ordinal));
        Assert.DoesNotContain('\n', line.Message);
        _server.Intercept = null;
        await UntilAsync(() => _log.Events.Any(static item => item.Name == ControlEvents.ApiAvailable), "it works again");
    }

    [Fact]
    public async Task Native_Api132_NeverAsksForNodes()
    {
        _server.GitVersion = "v1.32.0";
        await StartAsync();

        Assert.True(_view.NativeSidecarsSupported);
        Assert.DoesNotContain(_server.Requests, static request => request.Contains("nodes", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Native_OldKubeletJoinsAndLeaves_Follows()
    {
        _server.GitVersion = "v1.30.0";
        PutNode("a", "v1.30.1");
        await StartAsync();
        await UntilAsync(() => _view.NativeSidecarsSupported, "native");
        await WatchedAsync(Nodes);

        PutNode("b", "v1.28.9");
        await UntilAsync(() => !_view.NativeSidecarsSupported, "plain with the old node");
        _server.Delete($"{Nodes}/b");
        await UntilAsync(() => _view.NativeSidecarsSupported, "native again");

        Assert.Equal(3, _log.Count(ControlEvents.NativeSidecars));
    }

    [Fact]
    public async Task Native_NodesForbidden_IsFalseAndSaidOnce()
    {
        _server.GitVersion = "v1.31.0";
        var asked = 0;
        _server.Intercept = context =>
        {
            if (context.Request.Path != Nodes)
            {
                return Task.FromResult(false);
            }

            Interlocked.Increment(ref asked);
            return FakeApiServer.RefuseAsync(context, 403, "nodes is forbidden");
        };
        await StartAsync();
        await UntilAsync(() => asked > 3, "it asks again");

        Assert.False(_view.NativeSidecarsSupported);
        Assert.Equal(1, _log.Count(ControlEvents.ApiForbidden));
    }

    [Fact]
    public async Task Native_ApiUpgraded_StopsWatchingNodes()
    {
        _server.GitVersion = "v1.31.0";
        PutNode("a", "v1.28.0");
        await StartAsync();
        Assert.False(_view.NativeSidecarsSupported);

        _server.GitVersion = "v1.32.1";

        await UntilAsync(() => _view.NativeSidecarsSupported, "native after the upgrade", TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Token_Rotated_IsReadAgain()
    {
        await StartAsync();
        await WatchedAsync(Namespaces);
        _server.TokenFile.Write("second-token\n");

        _server.EndWatches();

        await UntilAsync(() => _server.Authorizations.Contains("Bearer second-token"), "the new token is used");
        Assert.Contains("Bearer first-token", _server.Authorizations);
    }

    [Fact]
    public async Task Get_ServerOfAnotherAuthority_IsNotTrusted()
    {
        await using var other = await FakeApiServer.StartAsync();
        using var api = new ApiClient(_server.Endpoint with { AuthorityFile = other.Endpoint.AuthorityFile }, _clock);

        var refused = await Assert.ThrowsAsync<ApiException>(() => api.GetAsync("/version", CancellationToken.None));

        Assert.Equal(0, refused.Status);
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public async Task Get_SilentServer_EndsWithItsTime()
    {
        var asked = new TaskCompletionSource();
        _server.Intercept = async context =>
        {
            asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
            return true;
        };
        var answer = _api.GetAsync("/version", CancellationToken.None);
        await Patience.Await(asked.Task, "the request arrives");

        _clock.Advance(ApiClient.Timeout);

        Assert.Contains("no answer within 15 s", (await Assert.ThrowsAsync<ApiException>(() => answer)).Message, StringComparison.Ordinal);
    }

    private void PutNamespace(string name, string label) =>
        _server.Put($"{Namespaces}/{name}", $$$$"""{"metadata":{"name":"{{{{name}}}}","labels":{"sidecarproxy.io/inject":"{{{{label}}}}","team":"x"}}}""");

    private void PutNode(string name, string kubelet) =>
        _server.Put($"{Nodes}/{name}", $$$$"""{"metadata":{"name":"{{{{name}}}}"},"status":{"nodeInfo":{"kubeletVersion":"{{{{kubelet}}}}","operatingSystem":"linux"}}}""");

    private async Task StartAsync()
    {
        // Slowly: what is asked for now must not run out of its fifteen seconds on a busy machine.
        _running = _view.RunAsync(_stopping.Token);
        await UntilAsync(() => _view.IsSynced, "the view is synced", TimeSpan.FromMilliseconds(20));
    }

    private Task WatchedAsync(string collection) =>
        UntilAsync(() => _server.Requests.Any(request => request.StartsWith($"GET {collection}?watch", StringComparison.Ordinal)) && _server.OpenWatches > 0, $"a watch of {collection}");

    // The network is real and the clock is not: every look lets a moment pass, so that waits between tries end.
    private Task UntilAsync(Func<bool> condition, string what, TimeSpan? moment = null) => Patience.Eventually(
        () =>
        {
            var isTrue = condition();
            if (!isTrue)
            {
                _clock.Advance(moment ?? TimeSpan.FromSeconds(0.5));
            }

            return Task.FromResult(isTrue);
        },
        what);
}
