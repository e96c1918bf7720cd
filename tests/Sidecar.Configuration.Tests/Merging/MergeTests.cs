using Sidecar.Configuration.Effective;
using static Sidecar.Configuration.Tests.Loading;

namespace Sidecar.Configuration.Tests.Merging;

public sealed class MergeTests
{
    [Fact]
    public void Load_SeveralFiles_AnIdReplacesTheWholeEarlierEntry()
    {
        var result = LoadFiles(
            Examples.Smallest,
            """
            routes: { api: { match: { path: /b }, cluster: api }, other: { match: { path: /c }, cluster: api } }
            policies: { default: { retry: { maxRetries: 5 } } }
            """,
            """
            version: 1
            policies: { default: { timeouts: { perTry: 1s } } }
            clusters: { api: { destinations: { z: { address: "http://127.0.0.1:1" } } } }
            """);

        Assert.Empty(result.Errors);
        var configuration = result.Configuration!;
        Assert.Equal(["/b", "/c"], configuration.Routes.Select(route => route.Match.Path));
        Assert.Null(configuration.Routes[0].Policy.CircuitBreaker);
        Assert.Equal(new SourceLocation("2.yaml", 1, "routes.api"), configuration.Routes[0].Location);
        Assert.Equal(ConfigurationDefaults.Retry, configuration.DefaultPolicy.Retry);
        Assert.Equal(TimeSpan.FromSeconds(1), configuration.DefaultPolicy.Timeouts.PerTry);
        Assert.Equal(["z"], configuration.Clusters[0].Destinations.Select(destination => destination.Id));
    }

    [Fact]
    public void Load_OtherTopLevelKeyInALaterFile_IsAnError()
    {
        var errors = LoadFiles("version: 1", "version: 1\nlimits: { headerCount: 1 }\nlisteners: {}\nfoo: 1\ninterception: {}\noverrides: {}\n").Errors.Select(error => error.ToString());

        Assert.Equal(
            [
                "2.yaml:2: limits: 'limits' may stand in the first file only (1.yaml); later files hold routes, policies or clusters: move it there",
                "2.yaml:3: listeners: 'listeners' may stand in the first file only (1.yaml); later files hold routes, policies or clusters: move it there",
                "2.yaml:4: foo: unknown key 'foo'; the keys here are version, listeners, limits, telemetry, interception, shutdown, routes, policies or clusters",
                "2.yaml:5: interception: 'interception' may stand in the first file only (1.yaml); later files hold routes, policies or clusters: move it there",
                "2.yaml:6: overrides: key 'overrides' is not supported yet: remove it",
            ],
            errors);
    }

    [Theory]
    [InlineData("version: 1\ntelemetry: { logLevel: debug }\n", "2.yaml:2: telemetry: 'telemetry' may stand in the first file only (1.yaml); later files hold routes, policies or clusters: move it there")]
    [InlineData("version: 2\n", "2.yaml:1: version: the number '2' is not 1")]
    [InlineData("version: 1\npolicies: { default: { timeouts: { request: 1s } } }\n", null)]
    [InlineData("policies: { default: { timeouts: { request: 1s } } }\n", null)]
    public void Load_LaterFile_HasTheSameVerdictWhetherOrNotTheFirstExists(string text, string? error)
    {
        var first = new ConfigurationSource("1.yaml", "version: 1\n");
        var second = new ConfigurationSource("2.yaml", text);
        ConfigurationSource[][] readings = [[first, second], [second with { MissingFirst = "1.yaml" }]];
        foreach (var sources in readings)
        {
            var result = ConfigurationLoader.Load(sources, [], ConfigurationEnvironment.Default);

            Assert.Equal(error is null ? [] : [error], result.Errors.Select(found => found.ToString()));
        }
    }

    [Theory]
    [InlineData("version: 1", 15101, 15106)]
    [InlineData("version: 1\nlisteners: { outbound: { port: 1 } }", 1, 15106)]
    [InlineData("version: 1\nlisteners: { outbound: off, inbound: false }", null, null)]
    [InlineData("version: 1\nlisteners: { reverse: { address: \"127.0.0.1:1\" } }", 15101, 15106)]
    public void Load_DefaultSource_LiesUnderWhatIsWritten(string text, int? outbound, int? inbound)
    {
        ConfigurationSource defaults = new("given", "listeners: { outbound: {}, inbound: {} }") { IsDefault = true };
        ConfigurationSource file = new("a.yaml", text);
        ConfigurationSource[][] orders = [[file, defaults], [defaults, file]];
        foreach (var sources in orders)
        {
            var result = ConfigurationLoader.Load(sources, [], ConfigurationEnvironment.Default);

            Assert.Empty(result.Errors);
            Assert.Equal((outbound, inbound), (result.Configuration!.Listeners.Outbound?.Port, result.Configuration.Listeners.Inbound?.Port));
            Assert.Equal(EffectiveDocument.Write(result.Configuration), EffectiveDocument.Write(Valid(result.MergedDocument!)));
        }
    }

    [Fact]
    public void Load_DefaultSourceAlone_IsAWholeDocumentAndOverridesWin()
    {
        ConfigurationSource defaults = new("given", "listeners: { outbound: {}, inbound: {} }") { IsDefault = true };

        var listeners = ConfigurationLoader.Load([defaults], [new("/listeners.inbound=off"), new("/listeners.outbound.port=7")], ConfigurationEnvironment.Default).Configuration!.Listeners;

        Assert.Equal((7, null), (listeners.Outbound!.Port, listeners.Inbound));
    }

    [Theory]
    [InlineData("limits: {}", "a.yaml:1: (document): key 'version' is missing: write 1")]
    [InlineData("version: 1\nlisteners:", "a.yaml:2: listeners: has no value: write the listeners (an object), or remove the key")]
    [InlineData("version: 1\nlisteners: { admin: { address: \"127.0.0.1:15101\" } }", "a.yaml:2: listeners.admin: listeners outbound ([::]:15101) and admin (127.0.0.1:15101) cannot both be opened: give one another port")]
    public void Load_DefaultSource_HidesNoMistake(string text, string error) => Assert.Equal(
        error,
        Assert.Single(ConfigurationLoader.Load(
            [new("a.yaml", text), new("given", "listeners: { outbound: {} }") { IsDefault = true }], [], ConfigurationEnvironment.Default).Errors).ToString());

    [Fact]
    public void Load_WrongVersionOrShapeInALaterFile_IsAnError() => Assert.Equal(
        ["2.yaml:1: version: the number '2' is not 1", "2.yaml:2: routes: a list is not an object of ids"],
        LoadFiles(Examples.Smallest, "version: 2\nroutes: []\n").Errors.Select(error => error.ToString()));

    [Fact]
    public void Load_FirstFileWithoutVersion_IsAnError() =>
        Assert.Equal("1.yaml:1: (document): key 'version' is missing: write 1", Assert.Single(LoadFiles("limits: {}", "version: 1").Errors).ToString());

    [Fact]
    public void Load_OneBrokenFile_ReportsNothingThatOnlyItsAbsenceCauses()
    {
        var result = LoadFiles("version: 1\nroutes: { a: { match: {}, cluster: c } }", "clusters: [");

        Assert.StartsWith("2.yaml:", Assert.Single(result.Errors).ToString());
    }

    [Fact]
    public void Policy_Layers_MergeKeyByKeyAndListsReplace()
    {
        var configuration = Valid("""
            version: 1
            policies:
              default: { timeouts: { perTry: 4s, connect: 1s }, retry: { retryOn: [reset, 5xx], backoff: { max: 1s } }, circuitBreaker: { probes: 2, open: { base: 1s } } }
              one: { timeouts: { connect: 2s }, retry: { backoff: { base: 50ms } } }
              two: { base: one, timeouts: { perTry: 3s }, retry: { retryOn: [unsent] } }
            clusters: { c: { dns: { name: x, port: 80 } } }
            routes: { r: { match: {}, cluster: c, policy: { base: two, circuitBreaker: { open: { max: 2m } } } } }
            listeners: { reverse: { address: "127.0.0.1:1" } }
            """);

        var policy = configuration.Routes[0].Policy;
        Assert.Equal(TimeSpan.FromSeconds(3), policy.Timeouts.PerTry);
        Assert.Equal(TimeSpan.FromSeconds(2), policy.Timeouts.Connect);
        Assert.Equal(RetryConditions.Unsent, policy.Retry!.RetryOn);
        Assert.Equal(new BackoffPolicy(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1)), policy.Retry.Backoff);
        Assert.Equal((2, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2)), (policy.CircuitBreaker!.Probes, policy.CircuitBreaker.OpenBase, policy.CircuitBreaker.OpenMax));
    }

    [Theory]
    [InlineData("off")]
    [InlineData("false")]
    [InlineData("\"off\"")]
    public void Policy_Off_RemovesWhatItsBaseSet(string off)
    {
        var configuration = Valid($$"""
            version: 1
            policies:
              default: { timeouts: { perTry: 1s }, circuitBreaker: { probes: 7 }, retry: { maxRetries: 9 } }
              plain: { timeouts: { perTry: {{off}}, request: {{off}} }, circuitBreaker: {{off}}, retry: {{off}} }
              again: { base: plain, circuitBreaker: {}, retry: { methods: all } }
            clusters: { c: { dns: { name: x, port: 80 } } }
            routes:
              a: { match: { path: /a }, cluster: c, policy: plain }
              b: { match: { path: /b }, cluster: c, policy: again }
            listeners: { reverse: { address: "127.0.0.1:1" } }
            """);

        var (off1, again) = (configuration.Routes[0].Policy, configuration.Routes[1].Policy);
        Assert.Equal((null, null, null, null), (off1.Timeouts.PerTry, off1.Timeouts.Request, off1.CircuitBreaker, off1.Retry));
        Assert.True(off1.Timeouts.IsRequestWritten);
        Assert.Equal(ConfigurationDefaults.CircuitBreaker, again.CircuitBreaker);
        Assert.Equal(ConfigurationDefaults.Retry with { Methods = new RetryMethods(RetryMethodsKind.All, default) }, again.Retry);
    }

    [Theory]
    [InlineData("{}", false)]
    [InlineData("default", false)]
    [InlineData("{ base: default }", false)]
    [InlineData("quiet", false)]
    [InlineData("timed", true)]
    [InlineData("{ base: derived, timeouts: { perTry: 1s } }", true)]
    [InlineData("{ timeouts: { request: 7s } }", true)]
    public void Policy_RequestIsWritten_OnlyByTheRouteOrItsBases(string policy, bool isWritten)
    {
        var text = WithPolicy(policy) + """

            policies:
              default: { timeouts: { request: 7s } }
              quiet: { timeouts: { perTry: 1s } }
              timed: { timeouts: { request: 7s } }
              derived: { base: timed }
            """;

        var timeouts = Valid(text).Routes[0].Policy.Timeouts;
        Assert.Equal((isWritten, TimeSpan.FromSeconds(7)), (timeouts.IsRequestWritten, timeouts.Request));
    }

    [Fact]
    public void Policy_NamedDefaultWithoutOne_IsTheBuiltIn() =>
        Assert.Equal(ConfigurationDefaults.Policy, Valid(WithPolicy("default")).Routes[0].Policy);

    [Fact]
    public void Policy_EqualWrittenElsewhere_IsAnEqualValue() => Assert.Equal(
        Valid(WithPolicy("{ retry: { retryOn: [5xx, 503, 429], methods: [GET] }, timeouts: { perTry: 1s }, circuitBreaker: {} }")).Routes[0].Policy,
        Valid(WithPolicy("p") + "\npolicies: { p: { circuitBreaker: { probes: 1 }, timeouts: { perTry: 1000ms }, retry: { methods: [get], retryOn: [429, 503, 5xx] } } }").Routes[0].Policy);
}
