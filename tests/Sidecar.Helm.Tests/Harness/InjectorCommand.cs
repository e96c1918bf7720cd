namespace Sidecar.Helm.Tests.Harness;

/// <summary>The injector's command line: <c>SIDECAR_INJECTOR_BINARY</c>, else this build's.</summary>
internal static class InjectorCommand
{
    private const string Variable = "SIDECAR_INJECTOR_BINARY";

    private static readonly string Binary = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path
        ? Path.GetFullPath(path)
        : Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "sidecar-injector.exe" : "sidecar-injector");

    /// <summary>Injects a manifest offline, with the settings of a chart.</summary>
    public static async Task<CommandResult> InjectAsync(string settings, string manifest)
    {
        var folder = Directory.CreateTempSubdirectory("sidecar-helm");
        try
        {
            var (settingsFile, manifestFile) = (Path.Combine(folder.FullName, "settings.yaml"), Path.Combine(folder.FullName, "pod.yaml"));
            await File.WriteAllTextAsync(settingsFile, settings);
            await File.WriteAllTextAsync(manifestFile, manifest);
            return await ProxyProcess.RunAsync(Binary, ["inject", "--settings", settingsFile, "-f", manifestFile]);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
