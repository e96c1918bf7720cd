using System.Collections.Immutable;

namespace Sidecar.Injector.Certificates;

/// <summary>A directory of certificate files that fit together.</summary>
/// <param name="Serving">The first certificate of <c>tls.crt</c>.</param>
/// <param name="Intermediates">The others of it.</param>
/// <param name="KeyPem"><c>tls.key</c>.</param>
/// <param name="Authorities"><c>ca.crt</c>; empty when there is none.</param>
internal sealed record CertificateFiles(
    CertificateFacts Serving, ImmutableArray<CertificateFacts> Intermediates, string KeyPem, ImmutableArray<CertificateFacts> Authorities)
{
    /// <summary>Which of the authorities stands behind the serving certificate; null when none does.</summary>
    public CertificateFacts? Issuer => Authorities.FirstOrDefault(authority => Serving.IsIssuedBy([authority], Intermediates));

    /// <summary>Reads it. The three files are read through one link where they stand in a mounted Secret, so they are of one moment.</summary>
    /// <returns>Null, and why, when there is no pair that can be served.</returns>
    public static CertificateFiles? Read(string directory, out string problem)
    {
        problem = "";
        string certificates, key;
        string? authorities;
        try
        {
            // The kubelet swaps the link "..data"; following it once keeps a swap from falling between two files.
            var data = Path.Combine(directory, "..data");
            var at = Directory.Exists(data) ? Directory.ResolveLinkTarget(data, returnFinalTarget: true)?.FullName ?? data : directory;
            certificates = ReadBounded(Path.Combine(at, StoredCertificates.ServingKey));
            key = ReadBounded(Path.Combine(at, StoredCertificates.ServingPrivateKey));
            var authorityFile = Path.Combine(at, StoredCertificates.AuthoritiesKey);
            authorities = File.Exists(authorityFile) ? ReadBounded(authorityFile) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problem = $"{directory}: {exception.Message}";
            return null;
        }

        if (CertificateText.ReadBundle(certificates) is not [var serving, .. var intermediates])
        {
            problem = $"{directory}/{StoredCertificates.ServingKey} holds no certificate";
            return null;
        }

        if (!CertificateText.IsPair(serving.Pem, key))
        {
            problem = $"{directory}/{StoredCertificates.ServingPrivateKey} is not the key of {StoredCertificates.ServingKey}";
            return null;
        }

        return new CertificateFiles(serving, intermediates, key, CertificateText.ReadBundle(authorities));
    }

    private static string ReadBounded(string file)
    {
        using var reader = new StreamReader(file);
        var buffer = new char[CertificateText.MaxLength];
        var length = reader.ReadBlock(buffer);
        return length < buffer.Length ? new string(buffer, 0, length) : throw new IOException($"{file} is too large for a certificate.");
    }
}
