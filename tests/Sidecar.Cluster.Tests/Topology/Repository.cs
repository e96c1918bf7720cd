namespace Sidecar.Cluster.Tests.Topology;

/// <summary>Where things are in the source tree and on this machine.</summary>
internal static class Repository
{
    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>What starts and ends a cluster.</summary>
    public static string ClusterScript { get; } = Path.Combine(Root, "tests", "cluster", "cluster.sh");

    /// <summary>The charts' installer, as <c>tests/helm/tools.sh</c> leaves it.</summary>
    public static string Helm { get; } = Path.Combine(Root, "artifacts", "tools", "helm");

    /// <summary>The platform's chart.</summary>
    public static string Chart { get; } = Path.Combine(Root, "helm", "sidecar");

    /// <summary>The executable under test.</summary>
    public static string Injector { get; } = Environment.GetEnvironmentVariable("SIDECAR_INJECTOR_BINARY") is { Length: > 0 } path
        ? Path.GetFullPath(path)
        : Path.Combine(Root, "artifacts", "bin", "sidecar-injector");

    /// <summary>The API server and its companions in one file, as <c>make test-cluster</c> leaves it.</summary>
    public static string Kubernetes { get; } = Path.Combine(
        Environment.GetEnvironmentVariable("SIDECAR_CLUSTER_CACHE") is { Length: > 0 } cache ? cache : "/var/cache/sidecar-cluster",
        "kubernetes",
        "hk");

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
