using FsCheck;
using FsCheck.Fluent;
using Sidecar.Configuration.Effective;
using static Sidecar.Configuration.Tests.Loading;

namespace Sidecar.Configuration.Tests;

public sealed class EffectiveDocumentTests
{
    [Fact]
    public void Write_AnyConfiguration_ReadsBackToTheSame() => Prop.ForAll(
        ConfigurationGenerator.Seeds,
        seed =>
        {
            var configuration = ConfigurationGenerator.Generate(seed);
            var text = EffectiveDocument.Write(configuration);
            var result = Load(text);

            Assert.True(result.Errors.Count == 0, $"{text}\n{string.Join('\n', result.Errors)}");
            AssertSame(configuration, result.Configuration!);
            Assert.Equal(text, EffectiveDocument.Write(result.Configuration!));

            // The canonical JSON of the text is the third spelling of the same.
            AssertSame(configuration, Load(result.MergedDocument!).Configuration!);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void Write_Examples_ReadBackToTheSame()
    {
        foreach (var text in Examples.All)
        {
            var configuration = Valid(text);

            AssertSame(configuration, Valid(EffectiveDocument.Write(configuration)));
        }
    }

    [Fact]
    public void Write_SmallestDocument_PrintsEveryDefault() => GoldenFile.Verify("effective-smallest.yaml", EffectiveDocument.Write(Valid(Examples.Smallest)));

    [Fact]
    public void Write_EveryKey_IsPrinted() => GoldenFile.Verify("effective-policies.yaml", EffectiveDocument.Write(Valid(Examples.Policies)));

    [Fact]
    public void Write_EveryKindOfRoute_IsPrinted() => GoldenFile.Verify("effective-interception.yaml", EffectiveDocument.Write(Valid(Examples.Interception)));

    [Fact]
    public void Write_Redacted_HidesWhatMayBeSecret()
    {
        var configuration = Valid(WithRoutes("r: { match: { headers: [{ name: x-key, values: [s3cret] }] }, cluster: api, transforms: [{ RequestHeader: Authorization, Set: s3cret }, { RequestHeader: x, append: s3cret }] }"));

        Assert.Contains("s3cret", EffectiveDocument.Write(configuration));
        var redacted = EffectiveDocument.Write(configuration, isRedacted: true);
        Assert.DoesNotContain("s3cret", redacted);
        Assert.Contains("Authorization", redacted);
        Valid(redacted);
    }

    /// <summary>Everything but the places in the file; arrays by their elements.</summary>
    private static void AssertSame(SidecarConfiguration expected, SidecarConfiguration actual)
    {
        Assert.Equal(expected.Listeners, actual.Listeners);
        Assert.Equal(expected.Limits, actual.Limits);
        Assert.Equal(expected.Telemetry.AccessLog.RequestHeaders.AsEnumerable(), actual.Telemetry.AccessLog.RequestHeaders);
        Assert.Equal(expected.Telemetry.AccessLog.ResponseHeaders.AsEnumerable(), actual.Telemetry.AccessLog.ResponseHeaders);
        Assert.Equal(Scalars(expected.Telemetry), Scalars(actual.Telemetry));
        Assert.Equal(expected.Interception, actual.Interception);
        Assert.Equal(expected.Shutdown, actual.Shutdown);
        Assert.Equal(expected.DefaultPolicy, actual.DefaultPolicy);
        Assert.Equal(expected.Clusters.Length, actual.Clusters.Length);
        Assert.All(expected.Clusters.Zip(actual.Clusters), pair => Assert.True(pair.First.IsEquivalentTo(pair.Second), $"{pair.First}\n{pair.Second}"));
        Assert.Equal(expected.Routes.Length, actual.Routes.Length);
        Assert.All(expected.Routes.Zip(actual.Routes), pair => AssertSame(pair.First, pair.Second));
    }

    private static TelemetryConfiguration Scalars(TelemetryConfiguration telemetry) =>
        telemetry with { AccessLog = telemetry.AccessLog with { RequestHeaders = [], ResponseHeaders = [] } };

    private static void AssertSame(RouteConfiguration expected, RouteConfiguration actual)
    {
        Assert.Equal((expected.Id, expected.Order, expected.Direction, expected.ClusterId), (actual.Id, actual.Order, actual.Direction, actual.ClusterId));
        Assert.Equal(expected.Policy, actual.Policy);
        Assert.Equal(expected.Transforms.Select(Sorted), actual.Transforms.Select(Sorted));
        var (left, right) = (expected.Match, actual.Match);
        Assert.Equal((left.Service, left.Path, left.Port, left.IsTcp), (right.Service, right.Path, right.Port, right.IsTcp));
        Assert.Equal(left.Sni.AsEnumerable(), right.Sni);
        Assert.Equal(left.Hosts.AsEnumerable(), right.Hosts);
        Assert.Equal(left.Methods.AsEnumerable(), right.Methods);
        Assert.Equal(left.Headers.Select(Text), right.Headers.Select(Text));
    }

    private static string[] Sorted(IReadOnlyDictionary<string, string> transform) => [.. transform.Select(member => $"{member.Key}={member.Value}").Order(StringComparer.Ordinal)];

    private static string Text(HeaderMatchConfiguration header) => $"{header.Name}|{header.Mode}|{header.IsCaseSensitive}|{string.Join('|', header.Values)}";
}
