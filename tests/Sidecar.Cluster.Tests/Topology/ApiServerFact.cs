namespace Sidecar.Cluster.Tests.Topology;

/// <summary>A test against a real API server: skipped, counted, with the reason, where something that it needs is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ApiServerFactAttribute : FactAttribute
{
    private static readonly string? Missing = FindMissing();

    /// <summary>Decides at discovery.</summary>
    public ApiServerFactAttribute() => Skip = Missing;

    private static string? FindMissing()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return "needs root on Linux";
        }

        if (!File.Exists(Repository.Kubernetes))
        {
            return $"needs an API server at {Repository.Kubernetes}: `make test-cluster` builds it";
        }

        var programs = new[] { "etcd", "kubectl", "openssl", "ip", "unshare", "nsenter" }.Where(name => !Exists(name)).ToArray();
        if (programs.Length > 0)
        {
            return $"needs {string.Join(", ", programs)}: `make deps WHAT=cluster`";
        }

        return !File.Exists(Repository.Injector) ? $"needs the native injector at {Repository.Injector}: `make publish`, or SIDECAR_INJECTOR_BINARY"
            : !File.Exists(Repository.Helm) ? $"needs Helm at {Repository.Helm}: tests/helm/tools.sh"
            : null;
    }

    private static bool Exists(string name) =>
        new[] { "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/bin" }.Any(folder => File.Exists(Path.Combine(folder, name)));
}
