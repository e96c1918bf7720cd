using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sidecar.Interception.Tests.Applications;

/// <summary>A folder in which a PostgreSQL server keeps its cluster, and the programs of Debian's package.</summary>
internal sealed class PostgresqlFolder
{
    private const string Versions = "/usr/lib/postgresql";

    private readonly string _folder = Workbench.NewFolder(isWritable: true);
    private readonly string _certificate;
    private readonly string _key;

    /// <summary>Makes it; the cluster is made by the server's first start.</summary>
    public PostgresqlFolder()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=postgresql.test", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        _certificate = Workbench.Write("server.crt", certificate.ExportCertificatePem());
        _key = Workbench.Write("server.key", key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Where the server's programs are: the newest version's.</summary>
    public static string Programs { get; } = Directory.Exists(Versions)
        ? Directory.GetDirectories(Versions).OrderBy(folder => double.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var version) ? version : 0).Select(folder => Path.Combine(folder, "bin")).LastOrDefault(Versions)
        : Versions;

    /// <summary>The package's own user: the server refuses to run under one that has no name.</summary>
    public static int User { get; } = File.ReadLines("/etc/passwd")
        .Select(line => line.Split(':'))
        .Where(fields => fields[0] == "postgres")
        .Select(fields => int.Parse(fields[2], CultureInfo.InvariantCulture))
        .FirstOrDefault(Pod.ApplicationUser);

    /// <summary>Starts the server.</summary>
    public async Task<NamespaceProcess> StartAsync(NetworkNamespace network, int port)
    {
        var process = NamespaceProcess.Start(
            network,
            User,
            ["sh", ApplicationNetwork.Script("postgresql_server.sh"), Programs, _folder, port.ToString(CultureInfo.InvariantCulture), _certificate, _key]);
        try
        {
            await process.WaitForLineAsync("database system is ready to accept connections");
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }
}
