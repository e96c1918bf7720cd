using System.Runtime.CompilerServices;

namespace Sidecar.Helm.Tests.Harness;

/// <summary>Files of the repository by their path from its root.</summary>
internal static class Repository
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../../.."));

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    public static string Read(params string[] parts) => File.ReadAllText(PathOf(parts));

    /// <summary>Asserts that a file is what its generator makes; <c>UPDATE_GOLDEN=1</c> (helm/generate.sh) rewrites it.</summary>
    public static void Verify(string path, string actual)
    {
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(PathOf(path), actual);
        }

        Assert.Equal(File.Exists(PathOf(path)) ? Read(path) : $"{path} does not exist: UPDATE_GOLDEN=1 writes it", actual);
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
