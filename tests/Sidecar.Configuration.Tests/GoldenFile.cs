using System.Runtime.CompilerServices;

namespace Sidecar.Configuration.Tests;

/// <summary>Text that is reviewed as a file under <c>golden/</c>; <c>UPDATE_GOLDEN=1</c> rewrites it.</summary>
internal static class GoldenFile
{
    public static string Read(string name) => File.ReadAllText(PathOf(name));

    public static void Verify(string name, string actual)
    {
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(PathOf(name), actual);
        }

        Assert.Equal(Read(name), actual);
    }

    private static string PathOf(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "golden", name);
}
