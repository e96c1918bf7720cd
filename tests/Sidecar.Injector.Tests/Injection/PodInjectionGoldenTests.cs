using System.Text.Json.Nodes;
using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Tests.Injection;

public sealed class PodInjectionGoldenTests
{
    public static TheoryData<string> Cases => GoldenCases.Names;

    [Fact]
    public void Cases_CoverEveryReasonAndEveryAnnotation()
    {
        var outcomes = GoldenCases.All.Select(GoldenCases.Inject).ToArray();
        var inputs = string.Concat(GoldenCases.All.Select(GoldenCases.Input));

        // These two need what an in.yaml cannot say; AlreadyInjected is the second pass of every case.
        SkipReason[] elsewhere = [SkipReason.OwnNamespace, SkipReason.NotLabelled, SkipReason.AlreadyInjected];
        Assert.Empty(SkipReason.All.Except(elsewhere).Except(outcomes.Select(static outcome => outcome.Skipped?.Reason)));
        Assert.All(SettingKey.All, key => Assert.Contains(key.Annotation, inputs, StringComparison.Ordinal));
        Assert.True(outcomes.Length >= 40);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Inject_Pod_IsTheGoldenOutcome(string name) => GoldenCases.Verify(name, "outcome.json", GoldenCases.Describe(GoldenCases.Inject(name)));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Inject_Pod_PatchAppliesAndGainsNoPrivilege(string name)
    {
        var (template, _) = GoldenCases.Pod(name);
        var outcome = GoldenCases.Inject(name);
        var after = (JsonObject)Rfc6902.Apply(template.Pod.Root, JsonPatchOperation.Write(outcome.Patch));

        if (outcome.Skipped is not null)
        {
            Assert.Empty(outcome.Patch);
        }
        else
        {
            Privileges.AssertNoneGained(template.Pod.Root, after, GoldenCases.Settings(name));
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Inject_SecondTime_ChangesNothingAndSaysNothing(string name)
    {
        var (template, context) = GoldenCases.Pod(name);
        var injection = new PodInjection(GoldenCases.Settings(name), "0.1.0");
        var first = injection.Inject(template.Pod, context);
        var after = (JsonObject)Rfc6902.Apply(template.Pod.Root, JsonPatchOperation.Write(first.Patch));

        var second = injection.Inject(new PodView(after), context);

        Assert.Empty(second.Patch);
        Assert.Equal(first.Skipped?.Reason ?? SkipReason.AlreadyInjected, second.Skipped?.Reason);
        Assert.True(first.Skipped is not null || second.Warnings.Count == 0);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Uninject_Injected_IsTheOriginal(string name)
    {
        var (template, _) = GoldenCases.Pod(name);
        var original = (JsonObject)template.Pod.Root.DeepClone();
        var after = (JsonObject)Rfc6902.Apply(original, JsonPatchOperation.Write(GoldenCases.Inject(name).Patch));

        var restored = Rfc6902.Apply(after, JsonPatchOperation.Write(Uninjection.Of(new PodView(after))));

        // A status that was copied from another pod says nothing true: it goes with ours.
        if (name == "hostile-status-copied")
        {
            original["metadata"]!.AsObject()["annotations"]!.AsObject().Remove(Contract.Annotations.Status);
        }

        Assert.Equal(original.ToJsonString(), restored.ToJsonString());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Inject_Pod_DoesNotChangeItsInput(string name)
    {
        var (template, context) = GoldenCases.Pod(name);
        var before = template.Pod.Root.ToJsonString();

        new PodInjection(GoldenCases.Settings(name), "0.1.0").Inject(template.Pod, context);

        Assert.Equal(before, template.Pod.Root.ToJsonString());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Inject_Pod_WarningsFitIntoTheirHeaders(string name)
    {
        var warnings = GoldenCases.Inject(name).Warnings;

        Assert.All(warnings, static warning => Assert.True(warning.Length <= 256 && warning.All(static character => character is >= ' ' and <= '~'), warning));
        Assert.True(warnings.Sum(static warning => warning.Length) < 4096);
    }
}
