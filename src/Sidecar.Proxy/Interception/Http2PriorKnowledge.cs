using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Sidecar.Proxy.Interception;

/// <summary>
/// The ALPN answer that Kestrel looks for, given to a cleartext connection whose first bytes are the HTTP/2 preface: Kestrel
/// cannot tell by itself (dotnet/aspnetcore#56984). See <see cref="ProtocolDetectionMiddleware"/> for the price.
/// </summary>
internal sealed class Http2PriorKnowledge : ITlsConnectionFeature, ITlsApplicationProtocolFeature
{
    private static readonly Http2PriorKnowledge Instance = new();
    private static readonly byte[] Alpn = "h2"u8.ToArray();

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> ApplicationProtocol => Alpn;

    /// <inheritdoc/>
    [AllowNull]
    public X509Certificate2 ClientCertificate
    {
        get => null!;
        set => throw new NotSupportedException();
    }

    /// <summary>From here on the server above speaks HTTP/2 on this connection.</summary>
    public static void Announce(ConnectionContext connection)
    {
        connection.Features.Set<ITlsConnectionFeature>(Instance);
        connection.Features.Set<ITlsApplicationProtocolFeature>(Instance);
    }

    /// <inheritdoc/>
    public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) =>
        Task.FromResult<X509Certificate2?>(null);
}
