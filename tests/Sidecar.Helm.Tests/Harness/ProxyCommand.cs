namespace Sidecar.Helm.Tests.Harness;

/// <summary>The proxy's command line: <c>SIDECAR_PROXY_BINARY</c> (<c>make test</c> names the native one), else this build's.</summary>
internal static class ProxyCommand
{
    private const string Variable = "SIDECAR_PROXY_BINARY";

    private static readonly string Binary = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path
        ? Path.GetFullPath(path)
        : Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "sidecar-proxy.exe" : "sidecar-proxy");

    public static async Task<CommandResult> ValidateAsync(params string[] documents)
    {
        var folder = Directory.CreateTempSubdirectory("sidecar-helm");
        try
        {
            var arguments = new List<string> { "validate" };
            foreach (var document in documents)
            {
                var file = Path.Combine(folder.FullName, $"{arguments.Count}.yaml");
                await File.WriteAllTextAsync(file, document);
                arguments.AddRange(["--config", file]);
            }

            return await ProxyProcess.RunAsync(Binary, arguments);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
