using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Sidecar.Injector.Serving;

/// <summary>The webhook's certificate; asked for each handshake, so a rotation takes effect with the next connection.</summary>
public interface IServingCertificate
{
    /// <summary>With its private key. Null: there is none yet, and the injector is not ready.</summary>
    X509Certificate2? Current { get; }

    /// <summary>The same with what stands between it and its authority, as a handshake takes it.</summary>
    SslStreamCertificateContext? Context { get; }
}
