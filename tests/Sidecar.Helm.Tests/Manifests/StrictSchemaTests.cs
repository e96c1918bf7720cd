namespace Sidecar.Helm.Tests.Manifests;

public class StrictSchemaTests
{
    [Fact]
    public void Problems_GoodPodWithNativeSidecar_None() =>
        Assert.Empty(ProblemsOf("{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {initContainers: [{name: s, image: i, restartPolicy: Always}], containers: [{name: c, image: i, ports: [{containerPort: 80}]}]}}"));

    [Theory]
    [InlineData("{apiVersion: v1, kind: Pod, spec: {containers: []}, extra: 1}", ".extra: unknown field")]
    [InlineData("{apiVersion: v1, kind: Pod, spec: {containers: [{name: c, iamge: i}]}}", ".spec.containers[0].iamge: unknown field")]
    [InlineData("{apiVersion: v1, kind: Pod, spec: {}}", ".spec: containers is missing")]
    [InlineData("{apiVersion: v1, kind: Pod, spec: {containers: [{name: 7}]}}", ".spec.containers[0].name: 7 is not string ")]
    [InlineData("{apiVersion: v1, kind: Pod, spec: {containers: [{name: c, env: [{name: A, value: 1}]}]}}", ".spec.containers[0].env[0].value: 1 is not string ")]
    [InlineData("{apiVersion: v1, kind: Pod, metadata: {labels: {a: true}}, spec: {containers: []}}", ".metadata.labels.a: true is not string ")]
    [InlineData("{apiVersion: apps/v2, kind: Pod}", "unknown kind apps/v2/Pod")]
    public void Problems_OneMistake_IsNamed(string manifest, string problem) => Assert.Equal([problem], ProblemsOf(manifest));

    private static IEnumerable<string> ProblemsOf(string manifest) => StrictSchema.Problems(YamlText.Read(manifest)!.AsObject());
}
