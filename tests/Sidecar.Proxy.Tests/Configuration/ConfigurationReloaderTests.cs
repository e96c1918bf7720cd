using Sidecar.Configuration;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Configuration;
using Sidecar.TestKit;
using static Sidecar.Proxy.Tests.Configuration.TestConfigurations;

namespace Sidecar.Proxy.Tests.Configuration;

public sealed class ConfigurationReloaderTests : IDisposable
{
    private static readonly ConfigFileReading Missing = new([], [Problem("the file does not exist")], [], true, "d0");

    private readonly TemporaryDirectory _directory = new();
    private readonly RecordedEvents _events = new();
    private readonly StateDirectory _state;
    private IReadOnlyList<ConfigurationProblem> _engineProblems = [];

    public ConfigurationReloaderTests() => _state = new StateDirectory(_directory.Path);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Start_Valid_StartsOnIt() => Assert.Equal(ConfigurationOrigin.Written, NewReloader().Start(Reading("good 1"), OnInvalid.Exit).Initial.Origin);

    [Fact]
    public void Start_EngineRefuses_CountsAsInvalid()
    {
        _engineProblems = [Problem("the template is ambiguous")];

        var (initial, errors) = NewReloader().Start(Reading("good 1"), OnInvalid.Exit);

        Assert.Null(initial.Accepted);
        Assert.Equal(_engineProblems, errors);
    }

    [Fact]
    public void Start_InvalidAfterAnAcceptedOne_StartsOnTheKeptDocument()
    {
        var reloader = NewReloader();
        Assert.Null(reloader.Keep(reloader.Start(Reading("good 1"), OnInvalid.LastGood).Initial.Accepted!));

        var (initial, errors) = NewReloader().Start(Reading("bad"), OnInvalid.LastGood);

        Assert.Equal(ConfigurationOrigin.LastGood, initial.Origin);
        Assert.Equal("good 1", initial.Accepted!.MergedDocument);
        Assert.Single(errors);
    }

    [Fact]
    public void Start_OnAFallback_WhatWasSetOnTheCommandLineStillHolds()
    {
        var seen = new List<string>();
        var reloader = new ConfigurationReloader(
            (sources, overrides) =>
            {
                seen.Add($"{sources[0].Name} {string.Join(',', overrides.Select(set => set.Expression))}");
                return sources[0].Text == "bad" || overrides.Any(set => set.Expression.Contains("many", StringComparison.Ordinal)) ? Refused("bad") : Accepted();
            },
            _ => [],
            files => CommandLineSources.Compose(files, null, null, ["/shutdown.grace=25s"]),
            _state);

        Assert.Equal(ConfigurationOrigin.Defaults, reloader.Start(Reading("bad"), OnInvalid.LastGood).Initial.Origin);

        Assert.Equal(["sidecar.yaml /shutdown.grace=25s", "built-in defaults /shutdown.grace=25s"], seen);
    }

    [Fact]
    public void Start_WhatIsInvalidWasSetOnTheCommandLine_FallsBackWithoutIt()
    {
        var reloader = new ConfigurationReloader(
            (_, overrides) => overrides.Count > 0 ? Refused("many") : Accepted(),
            _ => [],
            files => CommandLineSources.Compose(files, null, null, ["retry.maxRetries=many"]),
            _state);

        Assert.Equal(ConfigurationOrigin.Defaults, reloader.Start(Reading("good 1"), OnInvalid.LastGood).Initial.Origin);
    }

    [Fact]
    public void Start_FileMissing_ReportsItBesideTheOtherErrors()
    {
        var (initial, errors) = NewReloader().Start(Missing with { Sources = [new ConfigurationSource("b", "bad")] }, OnInvalid.Defaults);

        Assert.Null(initial.Accepted);
        Assert.Equal(2, errors.Count);
    }

    [Fact]
    public void Reload_Valid_SwapsTellsAndKeeps()
    {
        var store = StartedStore();

        NewReloader().Reload(Reading("good 2"), ReloadTrigger.FileChange, store, _events);

        Assert.Equal([$"accepted {ConfigurationRevision.Hash("good 2")} FileChange True"], _events.Seen);
        Assert.Equal("good 2", _state.Load()?.Text);
    }

    [Fact]
    public void Reload_SameDocument_IsAcceptedAsUnchanged()
    {
        var store = StartedStore();

        NewReloader().Reload(Reading("good 1"), ReloadTrigger.Signal, store, _events);

        Assert.Equal([$"accepted {ConfigurationRevision.Hash("good 1")} Signal False"], _events.Seen);
    }

    [Fact]
    public void Reload_Invalid_KeepsTheLastGoodOne()
    {
        var store = StartedStore();
        var before = store.Current;

        NewReloader().Reload(Reading("bad"), ReloadTrigger.FileChange, store, _events);

        Assert.Same(before, store.Current);
        Assert.Equal(["rejected 1 FileChange"], _events.Seen);
        Assert.NotNull(store.LastRejection);
        Assert.Null(_state.Load());
    }

    [Fact]
    public void Reload_FileDisappears_IsRefused()
    {
        var store = StartedStore();

        NewReloader().Reload(Missing with { Sources = [new ConfigurationSource("b", "good 3")] }, ReloadTrigger.FileChange, store, _events);

        Assert.Equal(["rejected 1 FileChange"], _events.Seen);
    }

    [Fact]
    public void Reload_StateDirectoryIsNotWritable_RunsAndSaysSo()
    {
        var store = StartedStore();
        var reloader = new ConfigurationReloader(Load, _ => [], Compose, new StateDirectory(_directory.Write("file", "")));

        reloader.Reload(Reading("good 2"), ReloadTrigger.FileChange, store, _events);

        Assert.Equal(2, _events.Seen.Count);
        Assert.StartsWith("not kept", _events.Seen[1], StringComparison.Ordinal);
        Assert.Equal(ConfigurationRevision.Hash("good 2"), store.Current.Revision);
    }

    private static ConfigFileReading Reading(string text) => new([new ConfigurationSource("sidecar.yaml", text)], [], [], false, text);

    private static ConfigurationResult Load(IReadOnlyList<ConfigurationSource> sources, IReadOnlyList<ConfigurationOverride> overrides) =>
        sources[^1].Text.StartsWith("bad", StringComparison.Ordinal) ? Refused("bad") : Accepted(sources[^1].Text);

    private static ConfigurationInput Compose(IReadOnlyList<ConfigurationSource> files) => CommandLineSources.Compose(files, null, null, []);

    private ConfigurationReloader NewReloader() => new(Load, (SidecarConfiguration _) => _engineProblems, Compose, _state);

    private static ConfigurationStore StartedStore() =>
        new(new InitialConfiguration(Accepted("good 1"), ConfigurationOrigin.Written, null), [], new ManualTimeProvider());

    private sealed class RecordedEvents : IReloadEvents
    {
        public List<string> Seen { get; } = [];

        public void Accepted(ConfigurationRevision revision, ReloadTrigger trigger, bool isChanged) => Seen.Add($"accepted {revision.Revision} {trigger} {isChanged}");

        public void Rejected(IReadOnlyList<ConfigurationProblem> problems, ReloadTrigger trigger) => Seen.Add($"rejected {problems.Count} {trigger}");

        public void NotKept(string reason) => Seen.Add($"not kept {reason}");
    }
}
