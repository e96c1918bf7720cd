using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Contract;
using Sidecar.Injector.Injection;
using Sidecar.Injector.Offline;
using Sidecar.Injector.Tests.Offline;

namespace Sidecar.Injector.Tests.Injection;

public sealed class PodInjectionProperties
{
    private static readonly PodContext Labelled = new(
        "shop", new NamespaceFacts(new Dictionary<string, string> { [Annotations.Inject] = "enabled" }, new Dictionary<string, string>()), "sidecar-system", NativeSidecarsSupported: true, Workload: null);

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static Arbitrary<(int Seed, bool IsNative)> Pods => (from seed in Gen.Choose(0, int.MaxValue) from isNative in Gen.Elements(true, false) select (seed, isNative)).ToArbitrary();

    [Fact]
    public void Inject_AnyPod_PatchAppliesGainsNothingAndIsTakenBack()
    {
        var injected = 0;
        Prop.ForAll(Pods, pod =>
        {
            var before = new RandomPod(pod.Seed).Make();
            var injection = Injection(pod.IsNative);
            var outcome = injection.Inject(new PodView(before), Labelled);
            var after = (JsonObject)Rfc6902.Apply(before, JsonPatchOperation.Write(outcome.Patch));
            if (outcome.Skipped is null)
            {
                injected++;
                Privileges.AssertNoneGained(before, after, injection.Settings);
            }

            var second = injection.Inject(new PodView(after), Labelled);
            Assert.Empty(second.Patch);
            var restored = Rfc6902.Apply(after, JsonPatchOperation.Write(Uninjection.Of(new PodView(after))));
            Assert.Equal(before.ToJsonString(), restored.ToJsonString());
        }).QuickCheckThrowOnFailure();
        Assert.NotEqual(0, injected);
    }

    [Fact]
    public void Inject_AnyPodAsText_IsTakenBackToTheLastCharacter() => Prop.ForAll(Pods, Gen.Choose(0, 3).ToArbitrary(), static (pod, form) =>
    {
        var json = new RandomPod(pod.Seed).Make();
        var text = form switch
        {
            0 => YamlEmitter.Block(json, 0, "\n") + "\n",
            1 => YamlEmitter.Flow(json),
            2 => json.ToJsonString(Indented),
            _ => "# first\n---\n" + YamlEmitter.Block(json, 0, "\n") + "   # behind\n\n---\nkind: Other\n",
        };
        var injection = OfflineTests.Injection(Injection(pod.IsNative).Settings);

        var (injected, _, notes) = injection.Inject(text);

        Assert.Empty(notes);
        Assert.Equal(injected, injection.Inject(injected).Text);
        Assert.Equal(text, OfflineUninjection.Uninject(injected).Text);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Emit_AnyPod_IsReadAsTheSame() => Prop.ForAll(Pods, static pod =>
    {
        var json = new RandomPod(pod.Seed).Make();

        Assert.True(JsonNode.DeepEquals(json, YamlText.Read(YamlEmitter.Block(json, 0, "\n"))!.ToJson()));
        Assert.True(JsonNode.DeepEquals(json, YamlText.Read(YamlEmitter.Flow(json))!.ToJson()));
    }).QuickCheckThrowOnFailure();

    private static PodInjection Injection(bool isNative) =>
        new(InjectorSettings.BuiltIn("0.1.0") with { NativeSidecar = isNative ? NativeSidecarMode.Always : NativeSidecarMode.Never }, "0.1.0");
}
