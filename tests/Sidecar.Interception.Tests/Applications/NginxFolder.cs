using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sidecar.Interception.Tests.Applications;

/// <summary>A folder from which nginx serves, under an ordinary user: a file, a certificate, a configuration.</summary>
internal sealed class NginxFolder
{
    /// <summary>Makes it.</summary>
    /// <param name="port">Where it listens; TLS is on the next one.</param>
    public NginxFolder(int port)
    {
        var folder = Workbench.NewFolder(isWritable: true);
        var www = Workbench.NewFolder();
        ServedFile = Path.Combine(www, "file");
        File.WriteAllBytes(ServedFile, RandomNumberGenerator.GetBytes(5_000_000));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=nginx.test", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Path.Combine(folder, "certificate.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        Configuration = Path.Combine(folder, "nginx.conf");
        File.WriteAllText(Configuration, File.ReadAllText(ApplicationNetwork.Script("nginx.conf"))
            .Replace("FOLDER/www", www, StringComparison.Ordinal)
            .Replace("FOLDER", folder, StringComparison.Ordinal)
            .Replace("PLAIN", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("SECURE", (port + 1).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
    }

    /// <summary>What it serves as <c>/file</c>.</summary>
    public string ServedFile { get; }

    /// <summary>For <c>nginx -c</c>.</summary>
    public string Configuration { get; }
}
