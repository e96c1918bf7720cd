namespace Sidecar.Proxy.FunctionalTests.Harness;

/// <summary>Which build of the proxy a suite runs against.</summary>
public enum ProxyKind
{
    /// <summary>The code of this build: the host in this process, commands as a process on the shared runtime.</summary>
    Managed,

    /// <summary>The published Native AOT binary.</summary>
    Native,
}

/// <summary>Where the executables are.</summary>
internal static class ProxyExecutable
{
    /// <summary>Overrides the path of the native binary.</summary>
    private const string NativePathVariable = "SIDECAR_PROXY_BINARY";

    private static readonly string NativePath = FindNative();

    /// <summary>Why the native suite cannot run; null when it can. Decided at discovery, so that the tests are counted as skipped.</summary>
    public static string? SkipReason { get; } = File.Exists(NativePath)
        ? null
        : $"No native binary at {NativePath}: run `make publish`, or set {NativePathVariable}.";

    /// <summary>The executable of a kind.</summary>
    public static string PathOf(ProxyKind kind) => kind == ProxyKind.Native
        ? NativePath
        : Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "sidecar-proxy.exe" : "sidecar-proxy");

    private static string FindNative()
    {
        if (Environment.GetEnvironmentVariable(NativePathVariable) is { Length: > 0 } path)
        {
            return Path.GetFullPath(path);
        }

        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Sidecar.sln")))
        {
            directory = directory.Parent;
        }

        return Path.Combine(directory?.FullName ?? "", "artifacts", "bin", "sidecar-proxy");
    }
}
