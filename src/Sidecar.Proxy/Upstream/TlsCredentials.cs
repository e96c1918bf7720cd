using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Upstream;

/// <summary>What the PEM files of one <see cref="TlsConfiguration"/> held when they were read.</summary>
/// <param name="Roots">Trusted roots; null trusts the system's.</param>
/// <param name="ClientCertificate">Certificate, key and chain to present; null presents none.</param>
internal sealed record TlsCredentials(X509Certificate2Collection? Roots, SslStreamCertificateContext? ClientCertificate)
{
    /// <summary>Reads the files.</summary>
    /// <param name="tls">Names of the files.</param>
    /// <param name="problems">Gets one sentence per file that cannot be used, with its key and name.</param>
    /// <returns>Null when there was a problem.</returns>
    public static TlsCredentials? Load(TlsConfiguration tls, ICollection<string> problems)
    {
        var roots = tls.CaFile is null ? null : Read(tls.CaFile, "ca", problems, LoadRoots);
        var client = tls.ClientCertificateFile is null ? null
            : Read(tls.ClientCertificateFile, "clientCertificate", problems, file => LoadClientCertificate(file, tls.ClientKeyFile));
        return problems.Count == 0 ? new TlsCredentials(roots, client) : null;
    }

    private static T? Read<T>(string file, string key, ICollection<string> problems, Func<string, T> load)
        where T : class
    {
        try
        {
            return load(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException or NotSupportedException)
        {
            problems.Add($"{key} '{file}' cannot be used: {e.Message}");
            return null;
        }
    }

    private static X509Certificate2Collection LoadRoots(string file)
    {
        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(file);
        return roots.Count > 0 ? roots : throw new CryptographicException("it holds no certificate in PEM form");
    }

    private static SslStreamCertificateContext LoadClientCertificate(string file, string? keyFile)
    {
        var leaf = X509Certificate2.CreateFromPemFile(file, keyFile);
        if (OperatingSystem.IsWindows())
        {
            // SChannel cannot use a key that lives in memory only.
            using var ephemeral = leaf;
            leaf = X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pkcs12), password: null);
        }

        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(file);

        // Offline: what the file holds is what is presented; nothing is fetched.
        return SslStreamCertificateContext.Create(leaf, chain, offline: true);
    }
}
