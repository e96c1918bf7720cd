namespace Sidecar.Init.Tests.Namespaces;

/// <summary>The executable under test: <c>SIDECAR_INIT_BINARY</c> (<c>make test</c> names the native one), else this build's.</summary>
internal static class InitBinary
{
    private const string Variable = "SIDECAR_INIT_BINARY";

    public static string Path { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path
        ? System.IO.Path.GetFullPath(path)
        : System.IO.Path.Combine(AppContext.BaseDirectory, "sidecar-init");
}
