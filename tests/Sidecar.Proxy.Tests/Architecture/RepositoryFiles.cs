using System.Text.RegularExpressions;

namespace Sidecar.Proxy.Tests.Architecture;

/// <summary>The source as text.</summary>
internal static partial class RepositoryFiles
{
    /// <summary>The repository's root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every C# file under a folder of the root, generated ones excluded.</summary>
    public static IEnumerable<string> CSharp(string folder) => Directory
        .EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        .Where(file => !Relative(file).Split('/').Any(part => part is "bin" or "obj" or "artifacts"))
        .Order(StringComparer.Ordinal);

    /// <summary>The path from the root, with slashes.</summary>
    public static string Relative(string file) => Path.GetRelativePath(Root, file).Replace('\\', '/');

    /// <summary>The code of a file: what stands behind two slashes is left out.</summary>
    public static string WithoutComments(string text) => Comment().Replace(text, "");

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Sidecar.sln")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("No Sidecar.sln above the tests.");
        }

        return directory.FullName;
    }

    [GeneratedRegex(@"//[^\n]*")]
    private static partial Regex Comment();
}
