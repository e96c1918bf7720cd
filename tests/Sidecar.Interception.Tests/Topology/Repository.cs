namespace Sidecar.Interception.Tests.Topology;

/// <summary>Where things are in the source tree.</summary>
internal static class Repository
{
    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>What the suite needs beside C#: scripts of the applications, package lists.</summary>
    public static string NetnsFolder { get; } = Path.Combine(Root, "tests", "netns");

    /// <summary>Where <c>tests/netns/prepare.sh</c> leaves the npm packages.</summary>
    public static string NodeModules { get; } = Path.Combine(Root, "artifacts", "netns", "node_modules");

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Sidecar.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException($"No Sidecar.sln above {AppContext.BaseDirectory}.");
    }
}
