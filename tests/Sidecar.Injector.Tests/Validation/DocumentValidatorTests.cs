using System.Text;
using System.Text.Json.Nodes;
using Sidecar.Injector.Admission;
using Sidecar.Injector.Validation;

namespace Sidecar.Injector.Tests.Validation;

public class DocumentValidatorTests
{
    private const string Valid = """
        version: 1
        clusters: { api: { destinations: { a: { address: "http://10.0.0.1:80" }, b: { address: "http://10.0.0.2:80" } } } }
        routes: { api: { direction: outbound, match: { hosts: [api.example] }, cluster: api } }
        """;

    private static readonly DocumentValidator Validator = new();

    [Theory]
    [InlineData("sidecar-platform")]
    [InlineData("sidecar-policies")]
    [InlineData("anything", true)]
    public void Validate_GoodDocument_IsAllowed(string name, bool isLabelled = false)
    {
        var verdict = Validate(name, Valid, isLabelled);

        Assert.Null(verdict.Refusal);
        Assert.Empty(verdict.Warnings);
    }

    [Fact]
    public void Validate_BadDocument_NamesEveryErrorWithItsPlace()
    {
        var verdict = Validate("sidecar-policies", """
            version: 1
            limit: {}
            policies:
              gentle: { retry: { maxRetries: many } }
            """);

        Assert.Equal(
            """
            2 errors:
            ConfigMap shop/sidecar-policies, sidecar.yaml:2: limit: 
            ConfigMap shop/sidecar-policies, sidecar.yaml:4: policies.gentle.retry.maxRetries: 
            """,
            string.Join('\n', verdict.Refusal!.Split('\n').Select(static line => line.Contains(": ", StringComparison.Ordinal) ? string.Join(": ", line.Split(": ").Take(2)) + ": " : line)));
    }

    [Theory]
    [InlineData("routes: { r: { direction: outbound, match: { hosts: [a.example] }, cluster: elsewhere } }", "cluster 'elsewhere' is not defined here")]
    [InlineData("routes: { r: { direction: outbound, match: { hosts: [a.example] }, forwardTo: original, policy: gentle } }", "policy 'gentle' is not defined here")]
    [InlineData("policies: { mine: { base: gentle } }", "policy 'gentle' is not defined here")]
    public void Validate_ReferenceToAnotherDocument_WarnsButForThePlatformRefuses(string line, string message)
    {
        var verdict = Validate("sidecar-policies", $"version: 1\n{line}\n");

        Assert.Null(verdict.Refusal);
        Assert.Contains(message, Assert.Single(verdict.Warnings), StringComparison.Ordinal);
        Assert.Contains("there is no", Validate("sidecar-platform", $"version: 1\n{line}\n").Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_KeyOfTheFirstDocument_IsRefusedInTheSecond()
    {
        const string document = "version: 1\nlimits: { connections: 10 }\n";

        Assert.Contains("may stand in the first file only", Validate("sidecar-policies", document).Refusal, StringComparison.Ordinal);
        Assert.Empty(Validate("sidecar-platform", document).Warnings);
    }

    [Fact]
    public void Validate_DocumentForPodsWithoutInterception_WarnsOnly()
    {
        const string document = """
            version: 1
            listeners: { reverse: { address: "127.0.0.1:8080" } }
            clusters: { api: { destinations: { a: { address: "http://10.0.0.1:80" } } } }
            routes: { api: { match: { path: "/{**rest}" }, cluster: api } }
            """;

        var verdict = Validate("sidecar-platform", document);

        Assert.Null(verdict.Refusal);
        Assert.Contains("pods with interception refuse this", Assert.Single(verdict.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"metadata":{"name":"other"},"data":{"sidecar.yaml":"nonsense"}}""")]
    [InlineData("""{"metadata":{"name":"other","labels":{"sidecarproxy.io/document":"false"}},"data":{"sidecar.yaml":"nonsense"}}""")]
    [InlineData("""{"metadata":{"name":"sidecar-policies"}}""")]
    [InlineData("""{"metadata":{"name":"sidecar-policies"},"data":{}}""")]
    [InlineData("""{"metadata":{"name":"sidecar-policies"},"data":{"other.yaml":"nonsense"}}""")]
    [InlineData("""{"metadata":{"name":"sidecar-policies"},"data":null}""")]
    [InlineData("""{"metadata":[],"data":"x"}""")]
    [InlineData("""{"metadata":{"name":7,"labels":"x"},"data":{"sidecar.yaml":"nonsense"}}""")]
    [InlineData("""{"metadata":{"name":"\ud800"},"data":{"sidecar.yaml":"nonsense"}}""")]
    [InlineData("""{"metadata":{"name":"a","name":"sidecar-policies"},"data":{"sidecar.yaml":"nonsense"}}""")]
    public void Validate_NoDocumentOfOurs_IsAllowed(string configMap)
    {
        var verdict = Validator.Validate("shop", JsonNode.Parse(configMap)!.AsObject());

        Assert.Null(verdict.Refusal);
        Assert.Empty(verdict.Warnings);
    }

    [Fact]
    public void Validate_BinaryData_IsReadAsTheKubeletMountsIt()
    {
        var text = Convert.ToBase64String(Encoding.UTF8.GetBytes("version: 2\n"));

        Assert.NotNull(Binary(text).Refusal);
        Assert.Null(Binary(Convert.ToBase64String(Encoding.UTF8.GetBytes(Valid))).Refusal);
        Assert.Contains("no UTF-8", Binary("gICA").Refusal, StringComparison.Ordinal);
        Assert.Contains("no UTF-8", Binary("***").Refusal, StringComparison.Ordinal);

        static DocumentVerdict Binary(string base64) => Validator.Validate(
            "shop", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "sidecar-policies" }, ["binaryData"] = new JsonObject { ["sidecar.yaml"] = base64 } });
    }

    [Fact]
    public void Validate_ThousandsOfErrors_AreBounded()
    {
        var hostile = "version: 1\n" + string.Concat(Enumerable.Range(0, 20_000).Select(static i => $"unknown{i}: {new string('x', 20)}\n"));

        var refusal = Validate("sidecar-policies", hostile).Refusal!;

        Assert.InRange(refusal.Length, 1_000, 40_000);
        Assert.Matches("and [0-9]+ more$", refusal);
    }

    [Fact]
    public void Validate_ManyWarnings_AreBounded()
    {
        var document = "version: 1\nroutes:\n" + string.Concat(Enumerable.Range(0, 100).Select(static i => $"  r{i}: {{ direction: outbound, match: {{ hosts: [h{i}.example] }}, cluster: c{i} }}\n"));

        var warnings = Validate("sidecar-policies", document).Warnings;

        Assert.Equal(16, warnings.Count);
        Assert.All(warnings, static warning => Assert.InRange(warning.Length, 1, 256));
        Assert.Equal("and 85 more warnings", warnings[^1]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0")]
    [InlineData("[")]
    [InlineData("&a [*a]")]
    [InlineData("version: 1\n---\nversion: 1\n")]
    public void Validate_NoDocumentInTheKey_IsRefused(string text) => Assert.NotNull(Validate("sidecar-policies", text).Refusal);

    private static DocumentVerdict Validate(string name, string text, bool isLabelled = false)
    {
        var metadata = new JsonObject { ["name"] = name };
        if (isLabelled)
        {
            metadata["labels"] = new JsonObject { ["sidecarproxy.io/document"] = "true" };
        }

        return Validator.Validate("shop", new JsonObject { ["metadata"] = metadata, ["data"] = new JsonObject { ["sidecar.yaml"] = text } });
    }
}
