using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sidecar.Injector.Certificates;

/// <summary>PEM text of others' making: read as far as it can be read, within bounds.</summary>
internal static class CertificateText
{
    /// <summary>Longest text; a Secret holds 1 MiB in all.</summary>
    public const int MaxLength = 256 * 1024;

    /// <summary>Most certificates of one text.</summary>
    public const int MaxCertificates = 16;

    private const string Label = "CERTIFICATE";

    /// <summary>Every certificate of a text, each once, in its order; what is none is left out.</summary>
    public static ImmutableArray<CertificateFacts> ReadBundle(string? text)
    {
        if (text is null || text.Length > MaxLength)
        {
            return [];
        }

        var found = ImmutableArray.CreateBuilder<CertificateFacts>();
        var rest = text.AsSpan();
        while (found.Count < MaxCertificates && PemEncoding.TryFind(rest, out var block))
        {
            if (rest[block.Label] is Label && Read(rest[block.Base64Data]) is { } facts && !found.Contains(facts))
            {
                found.Add(facts);
            }

            rest = rest[block.Location.End..];
        }

        return found.ToImmutable();
    }

    /// <summary>Certificates as one text.</summary>
    public static string WriteBundle(IEnumerable<CertificateFacts> certificates) => string.Concat(certificates.Select(static facts => facts.Pem));

    /// <summary>A certificate with its key, ready to serve.</summary>
    /// <returns>Null when the key is not the certificate's, or either cannot be read.</returns>
    public static X509Certificate2? Pair(string certificatePem, string keyPem)
    {
        try
        {
            return X509Certificate2.CreateFromPem(certificatePem, keyPem);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Is this the key of that certificate?</summary>
    public static bool IsPair(string certificatePem, string keyPem)
    {
        using var pair = Pair(certificatePem, keyPem);
        return pair is not null;
    }

    private static CertificateFacts? Read(ReadOnlySpan<char> base64)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(base64.ToString()));
            return CertificateFacts.Of(certificate);
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException)
        {
            return null;
        }
    }
}
