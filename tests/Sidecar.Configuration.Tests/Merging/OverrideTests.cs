using Sidecar.Configuration.Effective;
using Sidecar.Configuration.Merging;
using static Sidecar.Configuration.Tests.Loading;

namespace Sidecar.Configuration.Tests.Merging;

public sealed class OverrideTests
{
    [Theory]
    [InlineData("retry.maxRetries", "policies|default|retry|maxRetries")]
    [InlineData("/clusters/a.b/destinations/x.y/address", "clusters|a.b|destinations|x.y|address")]
    [InlineData("/listeners.reverse.address", "listeners|reverse|address")]
    [InlineData("/version", "version")]
    [InlineData("/clusters/a.b", "clusters|a.b")]
    [InlineData("", "")]
    [InlineData("/", "")]
    [InlineData("retry..maxRetries", "")]
    [InlineData("//clusters", "")]
    [InlineData("/clusters/", "")]
    public void Parse_Path_IsKeysFromTheRoot(string path, string keys) => Assert.Equal(keys, string.Join('|', OverridePath.Parse(path)));

    [Fact]
    public void Load_OverridesOnAnEmptyDocument_ImplyTheVersion()
    {
        var result = ConfigurationLoader.Load(
            [],
            [
                new("/listeners.reverse.address=[::]:8080"),
                new("/clusters/api/destinations/a/address=http://127.0.0.1:9000"),
                new("/routes/api/match/path=/{**rest}"),
                new("/routes/api/cluster=api"),
                new("retry.maxRetries=2"),
                new("circuitBreaker={}"),
            ],
            ConfigurationEnvironment.Default);

        Assert.Empty(result.Errors);
        var route = Assert.Single(result.Configuration!.Routes);
        Assert.Equal("/{**rest}", route.Match.Path);
        Assert.Equal(2, route.Policy.Retry!.MaxRetries);
        Assert.NotNull(route.Policy.CircuitBreaker);
        Assert.Equal("[::]:8080", result.Configuration.Listeners.Reverse!.ToString());
        Assert.Equal(new SourceLocation("--set", 0, "routes.api"), route.Location);
    }

    [Theory]
    [InlineData("timeouts.perTry=2s")]
    [InlineData("timeouts={perTry: 2s}")]
    [InlineData("/policies/default/timeouts/perTry=2s")]
    [InlineData("/policies.default.timeouts={\"perTry\": \"2s\"}")]
    [InlineData("/={policies: {default: {timeouts: {perTry: 2s}}}}", "has an empty key")]
    public void Load_SpellingsOfOneOverride_MeanTheSame(string set, string? error = null)
    {
        if (error is not null)
        {
            Assert.Contains(error, Error(Examples.Smallest, set));
            return;
        }

        Assert.Equal(TimeSpan.FromSeconds(2), Valid(Examples.Smallest, set).Routes[0].Policy.Timeouts.PerTry);
    }

    [Fact]
    public void Load_OverrideOrder_LastWins() =>
        Assert.Equal(4, Valid(WithPolicy("{}"), "retry.maxRetries=3", "retry.maxRetries=4").Routes[0].Policy.Retry!.MaxRetries);

    [Fact]
    public void Load_Override_BeatsTheFileButNotTheRoutesOwn()
    {
        var configuration = Valid(WithPolicy("{ retry: { maxRetries: 1 } }") + "\npolicies: { default: { retry: { maxRetries: 2, methods: all } } }", "retry.maxRetries=3", "retry.methods=[get]");

        Assert.Equal(3, configuration.DefaultPolicy.Retry!.MaxRetries);
        Assert.Equal(1, configuration.Routes[0].Policy.Retry!.MaxRetries);
        Assert.Equal(["GET"], configuration.Routes[0].Policy.Retry!.Methods.List.Items.AsEnumerable());
    }

    [Fact]
    public void Load_KeyOfWhatIsOff_TurnsItOn() =>
        Assert.Equal(3, Valid(WithPolicy("{}") + "\npolicies: { default: { retry: off } }", "retry.maxRetries=3").Routes[0].Policy.Retry!.MaxRetries);

    [Theory]
    [InlineData("retry.maxRetries=x", "--set: policies.default.retry.maxRetries: the string 'x' is not a whole number from 0 to 10")]
    [InlineData("retry.maxRetry=1", "--set: policies.default.retry.maxRetry: unknown key 'maxRetry'; did you mean 'maxRetries'?")]
    [InlineData("retry.maxRetries=", "--set: policies.default.retry.maxRetries: has no value: write a whole number from 0 to 10, or remove the key")]
    [InlineData("retry.maxRetries=#5", "--set: policies.default.retry.maxRetries: has no value: write a whole number from 0 to 10, or remove the key")]
    [InlineData("retry={maxRetries: 1, maxRetries: 2}", "--set: policies.default.retry.maxRetries: key 'maxRetries' is written twice, first in line 0: remove one")]
    [InlineData("retry=&x {}", "--set: policies.default.retry: anchor '&x' is not supported: write the value out where it is needed")]
    [InlineData("retry", "--set: (document): 'retry' has no '=': write path=value, such as retry.maxRetries=2")]
    [InlineData("=1", "--set: (document): '=1' has an empty key in its path: write retry.maxRetries=2, or /clusters/api/loadBalancing=random from the document root")]
    [InlineData("/clusters/api/destinations/a/address/x=1", "--set: clusters.api.destinations.a.address.x: clusters.api.destinations.a.address is the string 'http://127.0.0.1:9000', which has no key 'x': set clusters.api.destinations.a.address as a whole")]
    [InlineData("hedge.after=1s", "--set: policies.default.hedge: key 'hedge' is not supported yet: remove it")]
    [InlineData("/version=2", "--set: version: the number '2' is not 1")]
    [InlineData("retry.maxRetries={", "--set: policies.default.retry.maxRetries: the string '{' is not a whole number from 0 to 10")]
    public void Load_BadOverride_IsAnErrorOfSet(string set, string error) => Assert.Equal(error, Error(Examples.Smallest, set));

    [Fact]
    public void Load_HostileOverride_IsBounded()
    {
        Assert.Contains("is longer or deeper than any document", Error(Examples.Smallest, string.Join('.', Enumerable.Repeat("a", 10_000)) + "=1"));
        Assert.NotEmpty(Errors(Examples.Smallest, "a=" + new string('[', 200_000)));
        Assert.NotEmpty(Errors(Examples.Smallest, "a=\0"));
    }
}
