using Sidecar.Configuration;
using Sidecar.Contract;
using Sidecar.Proxy.Configuration;

namespace Sidecar.Proxy.Startup;

/// <summary>Reads documents with what this machine says of its place in a cluster.</summary>
public static class DocumentReading
{
    private const string ResolvConf = "/etc/resolv.conf";

    /// <summary>The reader that <c>run</c>, <c>validate</c> and reloads share.</summary>
    public static LoadConfiguration Create()
    {
        var environment = ConfigurationEnvironment.From(Environment.GetEnvironmentVariable(EnvironmentVariables.Namespace), ReadResolvConf());
        return (sources, overrides) => ConfigurationLoader.Load(sources, overrides, environment);
    }

    private static string? ReadResolvConf()
    {
        try
        {
            return File.ReadAllText(ResolvConf);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not Linux, or not allowed: short service names are taken as written.
            return null;
        }
    }
}
