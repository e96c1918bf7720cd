using Sidecar.Configuration;
using Sidecar.Proxy.Configuration;
using static Sidecar.Proxy.Tests.Configuration.TestConfigurations;

namespace Sidecar.Proxy.Tests.Configuration;

public sealed class InitialConfigurationTests
{
    [Theory]
    [InlineData(OnInvalid.Exit)]
    [InlineData(OnInvalid.LastGood)]
    [InlineData(OnInvalid.Defaults)]
    public void Decide_Valid_StartsOnWhatIsWritten(OnInvalid onInvalid)
    {
        var written = Accepted();

        var initial = InitialConfiguration.Decide(written, false, onInvalid, NotAsked<ConfigurationResult?>, NotAsked<ConfigurationResult>);

        Assert.Equal(new InitialConfiguration(written, ConfigurationOrigin.Written, null), initial);
    }

    [Fact]
    public void Decide_InvalidAndExit_StartsOnNothing() => Assert.Null(
        InitialConfiguration.Decide(Refused("bad"), false, OnInvalid.Exit, NotAsked<ConfigurationResult?>, NotAsked<ConfigurationResult>).Accepted);

    [Theory]
    [InlineData(OnInvalid.LastGood)]
    [InlineData(OnInvalid.Defaults)]
    public void Decide_RequiredFileMissing_StartsOnNothingWhateverOnInvalidSays(OnInvalid onInvalid) => Assert.Null(
        InitialConfiguration.Decide(Refused("missing"), true, onInvalid, NotAsked<ConfigurationResult?>, NotAsked<ConfigurationResult>).Accepted);

    [Fact]
    public void Decide_InvalidAndLastGood_StartsOnIt()
    {
        var lastGood = Accepted("{\"old\":1}");

        var initial = InitialConfiguration.Decide(Refused("bad", "worse"), false, OnInvalid.LastGood, () => lastGood, NotAsked<ConfigurationResult>);

        Assert.Same(lastGood, initial.Accepted);
        Assert.Equal(ConfigurationOrigin.LastGood, initial.Origin);
        Assert.Equal("the written configuration is invalid (2 errors, the first: sidecar.yaml:3: routes.a: bad); running on the last accepted one", initial.Reason);
    }

    [Fact]
    public void Decide_InvalidAndNoLastGood_StartsOnTheDefaultsAndSaysSo()
    {
        var initial = InitialConfiguration.Decide(Refused("bad"), false, OnInvalid.LastGood, () => null, () => Accepted());

        Assert.Equal(ConfigurationOrigin.Defaults, initial.Origin);
        Assert.Contains("none was accepted before", initial.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_InvalidAndBrokenLastGood_StartsOnTheDefaultsAndSaysSo()
    {
        var initial = InitialConfiguration.Decide(Refused("bad"), false, OnInvalid.LastGood, () => Refused("from another version"), () => Accepted());

        Assert.Equal(ConfigurationOrigin.Defaults, initial.Origin);
        Assert.Contains("from another version", initial.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_InvalidAndDefaults_DoesNotLookForTheLastGood() => Assert.Equal(
        ConfigurationOrigin.Defaults,
        InitialConfiguration.Decide(Refused("bad"), false, OnInvalid.Defaults, NotAsked<ConfigurationResult?>, () => Accepted()).Origin);

    private static T NotAsked<T>() => throw new InvalidOperationException("must not be loaded");
}
