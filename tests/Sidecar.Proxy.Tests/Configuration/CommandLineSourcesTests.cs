using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Configuration;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Configuration;

namespace Sidecar.Proxy.Tests.Configuration;

public sealed class CommandLineSourcesTests
{
    private static readonly ConfigurationSource File = new("sidecar.yaml", "version: 1");

    [Fact]
    public void Compose_WithoutFile_IsOneDocument()
    {
        var input = CommandLineSources.Compose([], "127.0.0.1:8080", "http://127.0.0.1:9000", ["retry.maxRetries=2"]);

        var source = Assert.Single(input.Sources);
        Assert.Equal("--listen --upstream", source.Name);
        Assert.Equal(
            """{"version":1,"listeners":{"reverse":{"address":"127.0.0.1:8080"}},"clusters":{"upstream":{"destinations":{"upstream":{"address":"http://127.0.0.1:9000"}}}},"routes":{"all":{"match":{"path":"/{**rest}"},"cluster":"upstream","direction":"reverse"}}}""",
            source.Text);
        Assert.Equal(["retry.maxRetries=2"], input.Overrides.Select(set => set.Expression));
    }

    [Fact]
    public void Compose_BesideFiles_AddsARouteAndOverridesTheListener()
    {
        var input = CommandLineSources.Compose([File], "[::1]:8080", "http://127.0.0.1:9000", ["/listeners.admin=off"]);

        Assert.Equal(["sidecar.yaml", "--upstream"], input.Sources.Select(source => source.Name));
        Assert.DoesNotContain("listeners", input.Sources[1].Text, StringComparison.Ordinal);
        Assert.Equal(["/listeners.reverse.address=\"[::1]:8080\"", "/listeners.admin=off"], input.Overrides.Select(set => set.Expression));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Compose_WithOrWithoutFile_IsAcceptedByTheReader(bool hasFile)
    {
        ConfigurationSource[] files = hasFile ? [new("sidecar.yaml", "version: 1\nlisteners: { reverse: { address: '127.0.0.1:1' } }")] : [];
        var input = CommandLineSources.Compose(files, "[::1]:8080", "http://127.0.0.1:9000", ["retry.maxRetries=2"]);

        var result = ConfigurationLoader.Load(input.Sources, input.Overrides, ConfigurationEnvironment.Default);

        Assert.Empty(result.Errors);
        Assert.Equal("[::1]:8080", result.Configuration!.Listeners.Reverse!.ToString());
        Assert.Equal(("all", "upstream", 2), (result.Configuration.Routes[0].Id, result.Configuration.Routes[0].ClusterId, result.Configuration.Routes[0].Policy.Retry!.MaxRetries));
    }

    [Fact]
    public void BuiltInDefaults_AreAcceptedByTheReader() =>
        Assert.Empty(ConfigurationLoader.Load([CommandLineSources.BuiltInDefaults], [], ConfigurationEnvironment.Default).Errors);

    [Fact]
    public void Compose_OnlyFiles_AddsNothing()
    {
        var input = CommandLineSources.Compose([File], null, null, []);

        Assert.Equal([File], input.Sources);
        Assert.Empty(input.Overrides);
    }

    [Fact]
    public void Compose_NothingAtAll_IsTheBuiltInDefaults() =>
        Assert.Equal([CommandLineSources.BuiltInDefaults], CommandLineSources.Compose([], null, null, []).Sources);

    [Theory]
    [InlineData(null, 15101, 15106)]
    [InlineData("version: 1\nroutes: { r: { direction: outbound, match: {}, forwardTo: original } }", 15101, 15106)]
    [InlineData("version: 1\nlisteners: { outbound: { port: 7 } }", 7, 15106)]
    [InlineData("version: 1\nlisteners: { outbound: off, inbound: off }", null, null)]
    public void WithPodListeners_DocumentThatSaysNothingElse_OpensBoth(string? document, int? outbound, int? inbound)
    {
        ConfigurationSource[] files = document is null ? [] : [new("sidecar.yaml", document)];
        var input = CommandLineSources.Compose(files, listen: null, upstream: null, []);

        var result = CommandLineSources.WithPodListeners(Load)(input.Sources, input.Overrides);

        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
        var listeners = result.Configuration!.Listeners;
        Assert.Equal((null, outbound, inbound), (listeners.Reverse, listeners.Outbound?.Port, listeners.Inbound?.Port));

        // What is kept for the next start has them too.
        Assert.Equal(listeners, Load([new("state", result.MergedDocument!)], []).Configuration!.Listeners);
    }

    [Fact]
    public void WithPodListeners_InvalidFile_FallsBackToDefaultsThatAreOpen()
    {
        var reloader = new ConfigurationReloader(
            CommandLineSources.WithPodListeners(Load), _ => [], sources => CommandLineSources.Compose(sources, listen: null, upstream: null, []), state: null);

        var (initial, errors) = reloader.Start(new ConfigFileReading([new("sidecar.yaml", "version: 2")], [], [], false, ""), OnInvalid.LastGood);

        Assert.Single(errors);
        Assert.Equal(ConfigurationOrigin.Defaults, initial.Origin);
        Assert.Equal((15101, 15106), (initial.Accepted!.Configuration!.Listeners.Outbound?.Port, initial.Accepted.Configuration.Listeners.Inbound?.Port));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WithPodListeners_BesideListenAndUpstream_LeavesThatRouteOnTheReverseListener(bool hasFile)
    {
        var input = CommandLineSources.Compose(hasFile ? [File] : [], "127.0.0.1:1", "http://127.0.0.1:2", ["/listeners.inbound=off"]);

        var result = CommandLineSources.WithPodListeners(Load)(input.Sources, input.Overrides);

        Assert.Empty(result.Errors);
        Assert.Equal(Direction.Reverse, Assert.Single(result.Configuration!.Routes).Direction);
        Assert.Equal((1, 15101, null), (result.Configuration.Listeners.Reverse?.Port, result.Configuration.Listeners.Outbound?.Port, result.Configuration.Listeners.Inbound));
    }

    [Fact]
    public void Compose_AnyText_StaysOneValue() => Prop.ForAll<NonNull<string>, NonNull<string>>((listen, upstream) =>
    {
        var input = CommandLineSources.Compose([], Printable(listen.Get), Printable(upstream.Get), []);

        using var document = JsonDocument.Parse(input.Sources[0].Text);
        var root = document.RootElement;
        return root.GetProperty("listeners").GetProperty("reverse").GetProperty("address").GetString() == Printable(listen.Get)
            && root.GetProperty("clusters").GetProperty("upstream").GetProperty("destinations").GetProperty("upstream").GetProperty("address").GetString() == Printable(upstream.Get)
            && root.EnumerateObject().Select(property => property.Name).SequenceEqual(["version", "listeners", "clusters", "routes"]);
    }).QuickCheckThrowOnFailure();

    private static ConfigurationResult Load(IReadOnlyList<ConfigurationSource> sources, IReadOnlyList<ConfigurationOverride> overrides) =>
        ConfigurationLoader.Load(sources, overrides, ConfigurationEnvironment.Default);

    // Lone surrogates cannot arrive by a command line and cannot be written as UTF-8.
    private static string Printable(string text) => string.Concat(text.Where(c => !char.IsSurrogate(c)));
}
