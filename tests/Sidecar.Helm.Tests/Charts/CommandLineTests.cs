namespace Sidecar.Helm.Tests.Charts;

/// <summary>The command lines in the chart are made of flags that the injector has.</summary>
public class CommandLineTests
{
    [HelmTheory]
    [ClassData(typeof(ChartVariants))]
    public async Task Arguments_OfEveryContainer_AreFlagsOfItsCommand(string chart, string name)
    {
        foreach (var manifest in await new ChartVariant(chart, name).ManifestsAsync("1.34.0"))
        {
            var containers = manifest.Kind switch { "Deployment" => manifest.At("spec", "template", "spec", "containers"), "Pod" => manifest.At("spec", "containers"), _ => null };
            foreach (var container in containers?.AsArray() ?? [])
            {
                var arguments = container!["args"]!.AsArray().Select(static argument => argument!.GetValue<string>()).ToArray();

                Assert.Equal("""["/usr/local/bin/sidecar-injector"]""", container["command"]!.ToJsonString());
                Assert.Contains(arguments[0], new[] { "serve", "check" });
                Assert.All(arguments.Skip(1).Select(static argument => argument.Split('=')[0]), static flag => Assert.True(IsInSource(flag), $"{flag} is no flag of the injector"));
            }
        }
    }

    // Options are written as texts, "--settings", whichever file declares them.
    private static bool IsInSource(string flag) =>
        Directory.EnumerateFiles(Repository.PathOf("src", "Sidecar.Injector"), "*.cs", SearchOption.AllDirectories)
            .Any(file => File.ReadAllText(file).Contains($"\"{flag}\"", StringComparison.Ordinal));
}
