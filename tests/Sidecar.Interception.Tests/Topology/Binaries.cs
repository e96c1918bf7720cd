namespace Sidecar.Interception.Tests.Topology;

/// <summary>The two executables under test, and whether they are there.</summary>
internal static class Binaries
{
    private const string ProxyVariable = "SIDECAR_PROXY_BINARY";
    private const string InitVariable = "SIDECAR_INIT_BINARY";

    private static readonly string BuiltProxy = PathOf(ProxyVariable, "sidecar-proxy");
    private static readonly string BuiltInit = PathOf(InitVariable, "sidecar-init");

    private static readonly Lazy<string> SharedProxy = new(() => Workbench.Copy(BuiltProxy));
    private static readonly Lazy<string> SharedInit = new(() => Workbench.Copy(BuiltInit));

    /// <summary>The proxy, where every user can execute it.</summary>
    public static string Proxy => SharedProxy.Value;

    /// <summary>The program that writes the redirect rules.</summary>
    public static string Init => SharedInit.Value;

    /// <summary>Why nothing can be intercepted; null when it can. Decided at discovery, so that the tests are counted as skipped.</summary>
    public static string? SkipReason { get; } = FindSkipReason();

    private static string? FindSkipReason()
    {
        if (!File.Exists(BuiltProxy))
        {
            return $"needs the native proxy at {BuiltProxy}: `make publish`, or {ProxyVariable}";
        }

        if (!File.Exists(BuiltInit))
        {
            return $"needs sidecar-init at {BuiltInit}: `make publish`, or {InitVariable}";
        }

        var document = Path.GetTempFileName();
        try
        {
            File.WriteAllText(document, PodDocument.Passthrough);
            var result = ProxyProcess.RunAsync(BuiltProxy, ["validate", "--config", document]).GetAwaiter().GetResult();
            return result.ExitCode == 0 ? null : $"needs a sidecar-proxy with the listeners outbound and inbound; this one says: {(result.Error + result.Output).Split('\n')[0]}";
        }
        finally
        {
            File.Delete(document);
        }
    }

    private static string PathOf(string variable, string name) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path
        ? Path.GetFullPath(path)
        : Path.Combine(Repository.Root, "artifacts", "bin", name);
}
