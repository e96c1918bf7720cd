namespace Sidecar.Helm.Tests.Charts;

/// <summary>NOTES.txt. <c>helm template</c> leaves it out, so it is rendered as a value of a ConfigMap in a copy of the chart.</summary>
public class NotesTests
{
    [HelmFact]
    public async Task Notes_Defaults_SayWhatToTypeNext()
    {
        var notes = await NotesAsync("sidecar");

        Assert.Contains("kubectl -n sidecar-system rollout status deployment/sidecar-injector", notes, StringComparison.Ordinal);
        Assert.Contains("helm test sidecar -n sidecar-system", notes, StringComparison.Ordinal);
        Assert.Contains("kubectl label namespace <NAMESPACE> sidecarproxy.io/inject=enabled", notes, StringComparison.Ordinal);
        Assert.Contains("NOTE: image.registry is empty", notes, StringComparison.Ordinal);
        Assert.DoesNotContain("failurePolicy is Fail", notes, StringComparison.Ordinal);
    }

    [HelmFact]
    public async Task Notes_PolicyFail_SayTheWayOut()
    {
        var notes = await NotesAsync("sidecar", "--values", new ChartVariant("sidecar", "ha").ValuesFile);

        Assert.Contains("kubectl delete mutatingwebhookconfiguration sidecar-injector", notes, StringComparison.Ordinal);
        Assert.DoesNotContain("NOTE: image.registry", notes, StringComparison.Ordinal);
    }

    [HelmFact]
    public async Task Notes_MonitoringWithoutOperator_SayThatNothingWasMade() =>
        Assert.Contains("does not know monitoring.coreos.com/v1", await NotesAsync("sidecar", "--values", new ChartVariant("sidecar", "monitoring-without-operator").ValuesFile), StringComparison.Ordinal);

    [HelmFact]
    public async Task Notes_Namespaces_AreNamed() =>
        Assert.Contains("with configuration for: billing, empty, shop.", await NotesAsync("sidecar", "--values", new ChartVariant("sidecar", "many-namespaces").ValuesFile), StringComparison.Ordinal);

    [HelmFact]
    public async Task Notes_PoliciesWithFirstDocumentKeys_Warn()
    {
        Assert.DoesNotContain("NOTE", await NotesAsync("sidecar-policies"), StringComparison.Ordinal);
        Assert.Contains("may stand in the first document only", await NotesAsync("sidecar-policies", "--values", new ChartVariant("sidecar-policies", "first-document").ValuesFile), StringComparison.Ordinal);
    }

    private static async Task<string> NotesAsync(string chart, params IEnumerable<string> arguments)
    {
        var folder = Directory.CreateTempSubdirectory("sidecar-notes");
        try
        {
            Copy(Repository.PathOf("helm", chart), folder.FullName);
            var templates = Path.Combine(folder.FullName, "templates");
            var text = await File.ReadAllTextAsync(Path.Combine(templates, "NOTES.txt"));
            await File.WriteAllTextAsync(Path.Combine(templates, "_notes.tpl"), $"{{{{ define \"notes\" }}}}{text}{{{{ end }}}}");
            await File.WriteAllTextAsync(
                Path.Combine(templates, "notes.yaml"),
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: notes\ndata:\n  notes: |\n    {{- include \"notes\" . | nindent 4 }}\n");

            var result = await HelmCommand.RunAsync(["template", chart, folder.FullName, "--namespace", "sidecar-system", "--show-only", "templates/notes.yaml", .. arguments]);

            Assert.True(result.ExitCode == 0, result.ToString());
            return Assert.Single(Manifest.ReadAll(result.Output)).Text("data", "notes");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
