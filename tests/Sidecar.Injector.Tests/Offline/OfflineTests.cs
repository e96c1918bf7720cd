using System.Text.Json.Nodes;
using Sidecar.Injector.Injection;
using Sidecar.Injector.Offline;
using Sidecar.Injector.Tests.Injection;

namespace Sidecar.Injector.Tests.Offline;

public sealed class OfflineTests
{
    public static TheoryData<string> Cases => GoldenCases.Names;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Inject_Text_MeansWhatThePatchSays(string name)
    {
        var input = GoldenCases.Input(name);
        var (text, reports, notes) = Injection(GoldenCases.Settings(name)).Inject(input);
        var before = Manifest.Split(input).Select(static piece => new ManifestPiece(piece).Json).ToArray();
        var after = Manifest.Split(text).Select(static piece => new ManifestPiece(piece).Json).ToArray();

        Assert.Empty(notes);
        Assert.Equal(before.Length, after.Length);
        var template = before.SelectMany(PodTemplates.In).First();
        var patched = after.SelectMany(PodTemplates.In).First();
        var expected = (JsonObject)Rfc6902.Apply(template.Pod.Root, JsonPatchOperation.Write(reports[0].Outcome.Patch));
        Assert.True(JsonNode.DeepEquals(expected, patched.Pod.Root), text);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Uninject_InjectedText_IsTheOriginalToTheLastCharacter(string name)
    {
        var input = GoldenCases.Input(name);
        var (text, reports, _) = Injection(GoldenCases.Settings(name)).Inject(input);

        var (restored, workloads, notes) = OfflineUninjection.Uninject(text);

        Assert.Empty(notes);
        if (name != "hostile-status-copied")
        {
            Assert.Equal(input, restored);
            Assert.Equal(reports.Count(static report => report.Outcome.Skipped is null), workloads.Count);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Inject_InjectedText_ChangesNothing(string name)
    {
        var injection = Injection(GoldenCases.Settings(name));
        var (text, _, _) = injection.Inject(GoldenCases.Input(name));

        Assert.Equal(text, injection.Inject(text).Text);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Inject_WindowsLineEnds_AreKept(string name)
    {
        var input = GoldenCases.Input(name).Replace("\n", "\r\n");
        var (text, _, notes) = Injection(GoldenCases.Settings(name)).Inject(input);

        Assert.Empty(notes);
        Assert.DoesNotMatch("(?<!\r)\n", text);
        Assert.True(name == "hostile-status-copied" || OfflineUninjection.Uninject(text).Text == input);
    }

    [Theory]
    [InlineData("kind-deployment")]
    [InlineData("probes-http")]
    [InlineData("null-lists")]
    [InlineData("json")]
    [InlineData("plain")]
    public void Inject_Text_IsTheGoldenText(string name) => GoldenCases.Verify(name, "injected.txt", Injection(GoldenCases.Settings(name)).Inject(GoldenCases.Input(name)).Text);

    [Fact]
    public void Inject_EveryLineOfTheInput_IsStillThereInOrder()
    {
        const string Input = """
            # head
            apiVersion: v1
            kind: Pod   # a pod
            metadata:
              name: "web"
              # annotations below
              annotations: # of the team
                team: 'a'   # quoted

            spec:
              containers:
              # the only one
              - name: web
                image: web:1
                env:
                - name: SCRIPT
                  value: |
                    # not a comment
                    echo ---

                resources: {}   # none
              # after the containers
              restartPolicy: Always
            # the end

            """;

        var (text, _, notes) = Injection(InjectorSettings.BuiltIn("1")).Inject(Input);

        Assert.Empty(notes);
        var rest = new Queue<string>(Input.Split('\n'));
        foreach (var line in text.Split('\n'))
        {
            if (rest.Count > 0 && line == rest.Peek())
            {
                rest.Dequeue();
            }
        }

        Assert.Empty(rest);
        Assert.Equal(Input, OfflineUninjection.Uninject(text).Text);
    }

    [Theory]
    [InlineData("kind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}")]
    [InlineData("kind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: a\n    image: a")]
    [InlineData("kind: Pod\nspec:\n  containers:\n    -   name: a\n        image: a\nmetadata:\n  name: a\n")]
    [InlineData("kind: Pod\nspec:\n  containers:\n  -\n    name: a\n    image: a\n  volumes:\n  - {name: v}\n  - # odd\n    name: w\nmetadata:\n  name: a\n")]
    [InlineData("%YAML 1.1\n---\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: [\n    {name: a},\n  ]\n...\n")]
    [InlineData("\uFEFFkind: Pod\nmetadata: {name: a}\nspec:\n  containers: [ {name: a} ]\n  volumes: [ ]\n  initContainers:\n")]
    [InlineData("{\"kind\":\"Pod\",\"spec\":{\"containers\":[{\"name\":\"a\"}]}}")]
    [InlineData("{\n\t\"kind\": \"Pod\",\n\t\"metadata\": null,\n\t\"spec\": {\n\t\t\"containers\": [\n\t\t\t{\n\t\t\t\t\"name\": \"a\"\n\t\t\t}\n\t\t]\n\t}\n}\n")]
    public void Uninject_OddForms_IsTheOriginal(string input)
    {
        var (text, reports, notes) = Injection(InjectorSettings.BuiltIn("1")).Inject(input);

        Assert.Empty(notes);
        Assert.All(reports, static report => Assert.Null(report.Outcome.Skipped));
        Assert.NotEqual(input, text);
        Assert.Equal(input, OfflineUninjection.Uninject(text).Text);
    }

    [Fact]
    public void Inject_SharedAnchor_IsWrittenAnewWithANote()
    {
        const string Input = "kind: List\nitems:\n- &pod\n  kind: Pod\n  metadata: {name: a}\n  spec: {containers: [{name: a, image: a}]}\n- *pod\n";

        var (text, reports, notes) = Injection(InjectorSettings.BuiltIn("1")).Inject(Input);

        Assert.Single(notes);
        Assert.Equal(2, reports.Count);
        Assert.Equal(2, PodTemplates.In(new ManifestPiece(text).Json).Count(static template => template.Pod.InitContainers.Count() == 2));
        Assert.DoesNotContain("sidecar-", OfflineUninjection.Uninject(text).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Uninject_ChangedSince_KeepsTheChange()
    {
        var (text, _, _) = Injection(InjectorSettings.BuiltIn("1")).Inject(GoldenCases.Input("probes-tcp-grpc"));
        var changed = text.Replace("image: web:1", "image: web:2", StringComparison.Ordinal).Replace("initialDelaySeconds: 5", "initialDelaySeconds: 9", StringComparison.Ordinal);

        var (restored, _, _) = OfflineUninjection.Uninject(changed);

        var container = PodTemplates.In(new ManifestPiece(restored).Json).Single().Pod.Containers.Single().Root;
        Assert.Equal("web:2", PodView.Text(container["image"]));
        Assert.Equal(9, PodView.Number(container["livenessProbe"]!["initialDelaySeconds"]));
        Assert.Equal(5432, PodView.Number(container["livenessProbe"]!["tcpSocket"]!["port"]));
        Assert.DoesNotContain("sidecar", restored, StringComparison.Ordinal);
    }

    [Fact]
    public void Uninject_TextOfAStatusThatMeansSomethingElse_IsNotUsed()
    {
        var (text, _, _) = Injection(InjectorSettings.BuiltIn("1")).Inject(GoldenCases.Input("hook-pre-stop"));
        var hostile = text.Replace("\"text\":\"path: /bye", "\"text\":\"path: /evil", StringComparison.Ordinal);
        Assert.NotEqual(text, hostile);

        var (restored, _, _) = OfflineUninjection.Uninject(hostile);

        Assert.Contains("path: /bye", restored, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", restored, StringComparison.Ordinal);
    }

    [Fact]
    public void Split_Documents_AreTheTextAgain()
    {
        const string Text = "# a\n---\nb: 1\n--- # c\nd: |\n  ---\n---\n";

        var pieces = Manifest.Split(Text);

        Assert.Equal(4, pieces.Count);
        Assert.Equal(Text, string.Concat(pieces));
    }

    [Theory]
    [InlineData("a: [1")]
    [InlineData("a: *nothing")]
    [InlineData("a: 1\na: 2")]
    [InlineData("? [a]\n: b")]
    public void Inject_NotYaml_SaysTheLine(string text) =>
        Assert.StartsWith("line ", Assert.Throws<YamlTextException>(() => Injection(InjectorSettings.BuiltIn("1")).Inject(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Inject_BillionLaughs_IsRefused()
    {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + string.Concat(Enumerable.Range(1, 9).Select(static i => $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));

        Assert.Contains("values", Assert.Throws<YamlTextException>(() => Injection(InjectorSettings.BuiltIn("1")).Inject(text)).Message, StringComparison.Ordinal);
    }

    internal static OfflineInjection Injection(InjectorSettings settings) => new(
        new PodInjection(settings, "0.1.0"), new SimulatedNamespaces("default", new Dictionary<string, string>(), new Dictionary<string, string>()), nativeSidecarsSupported: true);
}
