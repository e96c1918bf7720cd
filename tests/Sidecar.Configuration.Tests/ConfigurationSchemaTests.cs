using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Keys;
using static Sidecar.Configuration.Tests.Loading;

namespace Sidecar.Configuration.Tests;

public sealed class ConfigurationSchemaTests
{
    private static readonly JsonObject Schema = JsonNode.Parse(ConfigurationSchema.Write())!.AsObject();
    private static readonly SchemaChecker Checker = new(Schema);

    /// <summary>Path of a section to its rows, from the key table.</summary>
    private static IEnumerable<(string Path, ConfigurationKey Key, IObjectShape Section)> Table()
    {
        (string, IObjectShape)[] sections =
        [
            ("", DocumentKeys.Shape), ("listeners", ListenerKeys.Shape), ("listeners.reverse", ListenerAddressKeys.Shape), ("listeners.admin", AdminListenerKeys.Shape),
            ("listeners.outbound", InterceptionListenerKeys.Outbound), ("listeners.inbound", InterceptionListenerKeys.Inbound), ("interception", InterceptionKeys.Shape),
            ("limits", LimitKeys.Shape), ("telemetry", TelemetryKeys.Shape), ("telemetry.accessLog", AccessLogKeys.Shape), ("shutdown", ShutdownKeys.Shape),
            ("routes.*", RouteKeys.Shape), ("routes.*.match", MatchKeys.Shape), ("routes.*.match.headers.*", HeaderMatchKeys.Shape),
            ("policies.*", PolicyKeys.Shape), ("policies.*.timeouts", TimeoutKeys.Shape), ("policies.*.retry", RetryKeys.Shape), ("policies.*.retry.backoff", BackoffKeys.Shape),
            ("policies.*.circuitBreaker", CircuitBreakerKeys.Shape), ("policies.*.circuitBreaker.slowCall", SlowCallKeys.Shape), ("policies.*.circuitBreaker.open", OpenTimeKeys.Shape),
            ("clusters.*", ClusterKeys.Shape), ("clusters.*.destinations.*", DestinationKeys.Shape), ("clusters.*.dns", DnsKeys.Shape), ("clusters.*.retryBudget", RetryBudgetKeys.Shape),
            ("clusters.*.connections", ConnectionsKeys.Shape), ("clusters.*.healthCheck", HealthCheckKeys.Shape), ("clusters.*.healthCheck.active", ActiveHealthCheckKeys.Shape),
            ("clusters.*.tls", TlsKeys.Shape),
        ];
        return sections.SelectMany(section => section.Item2.Keys.Select(key => (section.Item1, key, section.Item2)));
    }

    [Fact]
    public void Write_Always_IsTheReviewedText() => GoldenFile.Verify("sidecar.schema.json", ConfigurationSchema.Write());

    [Fact]
    public void Check_ValidDocuments_Pass()
    {
        foreach (var text in Examples.All)
        {
            Assert.Null(Checker.Check(ToJson(text)));
        }
    }

    [Fact]
    public void Check_AnyEffectiveDocument_Passes() => Prop.ForAll(
        ConfigurationGenerator.Seeds,
        seed => Assert.Null(Checker.Check(ToJson(EffectiveDocument.Write(ConfigurationGenerator.Generate(seed)))))).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Theory]
    [InlineData("routes: {}")]
    [InlineData("version: 2")]
    [InlineData("version: \"1\"")]
    [InlineData("version: 1\ncolour: blue")]
    [InlineData("version: 1\noverrides: {}")]
    [InlineData("version: 1\ninterception: { detection: 100 }")]
    [InlineData("version: 1\ninterception: { opaquePorts: [0] }")]
    [InlineData("version: 1\ninterception: { serverFirst: [25, 25] }")]
    [InlineData("version: 1\ninterception: off")]
    [InlineData("version: 1\nlisteners: { reverse: { address: \"localhost:80\" } }")]
    [InlineData("version: 1\nlisteners: { reverse: {} }")]
    [InlineData("version: 1\nlisteners: { admin: { address: \"10.0.0.1:80\" } }")]
    [InlineData("version: 1\nlisteners: { inbound: { port: 65536 } }")]
    [InlineData("version: 1\nlisteners: { outbound: { address: \"[::]:15101\" } }")]
    [InlineData("version: 1\nlisteners: { outbound: 15101 }")]
    [InlineData("version: 1\nlimits: { headerCount: 0 }")]
    [InlineData("version: 1\nlimits: { headers: 64KB }")]
    [InlineData("version: 1\nlimits: { connections: off }")]
    [InlineData("version: 1\nlimits: { headerTimeout: 10 }")]
    [InlineData("version: 1\ntelemetry: { traceRatio: 1.5 }")]
    [InlineData("version: 1\ntelemetry: { logLevel: trace }")]
    [InlineData("version: 1\ntelemetry: { accessLog: { requestHeaders: [\"a b\"] } }")]
    [InlineData("version: 1\npolicies: { default: { hedge: {} } }")]
    [InlineData("version: 1\npolicies: { \"a b\": {} }")]
    [InlineData("version: 1\npolicies: { passthrough: {} }")]
    [InlineData("version: 1\npolicies: { p: { retry: { retryOn: [] } } }")]
    [InlineData("version: 1\npolicies: { p: { retry: { retryOn: [200] } } }")]
    [InlineData("version: 1\npolicies: { p: { retry: { retryOn: [5xx, 5xx] } } }")]
    [InlineData("version: 1\npolicies: { p: { retry: { methods: some } } }")]
    [InlineData("version: 1\npolicies: { p: { retry: { maxRetries: 11 } } }")]
    [InlineData("version: 1\npolicies: { p: { timeouts: off } }")]
    [InlineData("version: 1\npolicies: { p: { timeouts: { request: 1.5s } } }")]
    [InlineData("version: 1\npolicies: { p: { circuitBreaker: true } }")]
    [InlineData("version: 1\nroutes: { r: { match: {} } }")]
    [InlineData("version: 1\nroutes: { r: { cluster: c } }")]
    [InlineData("version: 1\nroutes: { r: { match: {}, cluster: c, direction: sideways } }")]
    [InlineData("version: 1\nroutes: { r: { match: {}, cluster: c, forwardTo: original, direction: outbound } }")]
    [InlineData("version: 1\nroutes: { r: { match: {}, forwardTo: elsewhere, direction: outbound } }")]
    [InlineData("version: 1\nroutes: { r: { match: { sni: [\"*\"] }, forwardTo: original, direction: outbound } }")]
    [InlineData("version: 1\nroutes: { r: { match: { sni: [a.example.com.] }, forwardTo: original, direction: outbound } }")]
    [InlineData("version: 1\nclusters: { original: { dns: { name: x, port: 1 } } }")]
    [InlineData("version: 1\nroutes: { r: { match: { path: x }, cluster: c } }")]
    [InlineData("version: 1\nroutes: { r: { match: { service: a }, cluster: c } }")]
    [InlineData("version: 1\nroutes: { r: { match: {}, cluster: c, policy: [] } }")]
    [InlineData("version: 1\nclusters: { c: { destinations: {} } }")]
    [InlineData("version: 1\nclusters: { c: { destinations: { a: { address: x } } } }")]
    [InlineData("version: 1\nclusters: { c: { loadBalancing: RoundRobin } }")]
    [InlineData("version: 1\nclusters: { c: { dns: { name: x } } }")]
    public void Check_InvalidDocument_Fails(string text)
    {
        Assert.NotNull(Checker.Check(ToJson(text)));
        Assert.NotEmpty(Errors(text));
    }

    [Fact]
    public void Check_WhateverTheReaderAccepts_Passes() => Prop.ForAll(
        ConfigurationGenerator.Seeds,
        seed =>
        {
            // One scalar of a valid document replaced by something near: where the reader still accepts it, so must an editor.
            var random = new Random(seed);
            string[] values = ["off", "false", "auto", "1", "0", "0.5", "5s", "64KiB", "\"off\"", "x", "[x]", "{}", "GET", "\"*.x\"", "/a", "http://x", "500", "all"];
            var words = Examples.Policies.Split(' ');
            var scalars = Enumerable.Range(0, words.Length).Where(i => i > 0 && words[i - 1].EndsWith(':')).ToList();
            words[scalars[random.Next(scalars.Count)]] = values[random.Next(values.Length)] + (random.Next(2) == 0 ? "," : "");
            var result = Load(string.Join(' ', words));
            if (result.MergedDocument is { } json)
            {
                Assert.Null(Checker.Check(JsonNode.Parse(json)));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void Table_EveryKey_HasADocAndIsInTheSchema()
    {
        foreach (var (path, key, _) in Table())
        {
            var property = Property(path, key.Name);
            Assert.True(property is not null, $"{path}.{key.Name}");
            Assert.Equal(key.Doc, property["description"]!.GetValue<string>());
            Assert.True(key.Doc.Length > 10 && key.Doc[^1] == '.', key.Doc);
        }
    }

    [Fact]
    public void Table_EveryObjectOfTheSchema_IsASectionOfTheTable()
    {
        var descriptions = new HashSet<string>(Table().Select(row => row.Key.Doc), StringComparer.Ordinal);

        Assert.All(Descriptions(Schema["properties"]!).Concat(Descriptions(Schema["$defs"]!)), description => Assert.Contains(description, descriptions));
        Assert.Equal(Table().Count(), Table().Select(row => (row.Section, row.Key.Name)).Distinct().Count());
    }

    [Fact]
    public void Table_EveryPlannedKey_IsRefusedAsNotSupportedYet()
    {
        var planned = Table().Select(row => row.Section).Distinct().SelectMany(section => section.Planned.Select(key => (section, key))).ToList();

        Assert.NotEmpty(planned);
        Assert.All(planned, item => Assert.NotEmpty(item.key.Doc));
        Assert.All(planned, item => Assert.DoesNotContain(item.section.Keys, key => key.Name == item.key.Name));
        foreach (var (section, key) in planned.Where(item => item.section == (IObjectShape)PolicyKeys.Shape))
        {
            Assert.Contains($"key '{key.Name}' is not supported yet", Error($"version: 1\npolicies: {{ p: {{ {key.Name}: {{}} }} }}"));
        }
    }

    [Fact]
    public void Table_Defaults_AreThoseOfConfigurationDefaultsAndInTheSchema()
    {
        foreach (var (path, key, _) in Table().Where(row => row.Key.DefaultNode is ScalarNode or ListNode))
        {
            var node = key.DefaultNode!;
            var expected = node is ScalarNode { Kind: ScalarKind.False, Text: "off" } ? "\"off\"" : CanonicalJson.Write(node);
            Assert.Equal(expected, CanonicalJson.Write(JsonReader.Read("schema", Property(path, key.Name)!["default"]!.ToJsonString(), new ProblemList())!));
        }

        // What an empty section reads as is the record of ConfigurationDefaults: no default lives in the table itself.
        Assert.Equal(ConfigurationDefaults.Limits, Empty(LimitKeys.Shape));
        Assert.Equal(ConfigurationDefaults.Telemetry, Empty(TelemetryKeys.Shape));
        Assert.Equal(ConfigurationDefaults.Interception, Empty(InterceptionKeys.Shape));
        Assert.Equal(ConfigurationDefaults.Shutdown, Empty(ShutdownKeys.Shape));
        Assert.Equal(ConfigurationDefaults.Policy, Empty(PolicyKeys.Shape));
        Assert.Equal(ConfigurationDefaults.Timeouts, Empty(TimeoutKeys.Shape));
        Assert.Equal(ConfigurationDefaults.Retry, Empty(RetryKeys.Shape));
        Assert.Equal(ConfigurationDefaults.CircuitBreaker, Empty(CircuitBreakerKeys.Shape));
        Assert.Equal(ConfigurationDefaults.RetryBudget, Empty(RetryBudgetKeys.Shape));
        Assert.Equal(ConfigurationDefaults.Connections, Empty(ConnectionsKeys.Shape));
        Assert.Equal(ConfigurationDefaults.Listeners, Empty(ListenerKeys.Shape));
    }

    private static T Empty<T>(ObjectShape<T> shape)
    {
        Assert.True(shape.TryRead(Written.Object([]), new ProblemList(), out var value));
        return value;
    }

    private static JsonNode ToJson(string yaml) =>
        JsonNode.Parse(CanonicalJson.Write(YamlReader.Read("test", yaml, NodePath.Root, hasLines: true, new ProblemList())!))!;

    private static IEnumerable<string> Descriptions(JsonNode node) => node switch
    {
        JsonObject map => map.SelectMany(member => member.Key == "description" && member.Value is JsonValue text ? [text.GetValue<string>()] : Descriptions(member.Value!)),
        JsonArray list => list.SelectMany(item => Descriptions(item!)),
        _ => [],
    };

    /// <summary>Walks the schema along a path; * is any id or item.</summary>
    private static JsonNode? Property(string path, string name)
    {
        var node = (JsonNode)Schema;
        foreach (var key in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var section = Resolve(node);
            node = key == "*" ? section["items"] ?? section["additionalProperties"]! : section["properties"]![key]!;
        }

        return Resolve(node)["properties"]?[name];
    }

    private static JsonNode Resolve(JsonNode node)
    {
        if (node["anyOf"] is JsonArray choices)
        {
            node = choices[^1]!;
        }

        return node["$ref"] is { } reference ? Schema["$defs"]![reference.GetValue<string>().Split('/')[^1]]! : node;
    }
}
