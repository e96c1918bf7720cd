using System.Net;
using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Serving;

/// <summary>Where the webhook's certificate comes from.</summary>
public enum CertificateSource
{
    /// <summary>Made by the injector, kept in a Secret.</summary>
    Self,

    /// <summary>Files that somebody else keeps fresh.</summary>
    Files,
}

/// <summary>What <c>serve</c> was told.</summary>
/// <param name="Settings">Of the settings file.</param>
/// <param name="Listen">HTTPS: the webhooks and /readyz.</param>
/// <param name="ListenPlain">HTTP: /livez, /readyz, /metrics.</param>
/// <param name="Namespace">The injector's own.</param>
/// <param name="Service">Name of its Service, for the certificate.</param>
/// <param name="WebhookConfiguration">Name of the two webhook configurations.</param>
/// <param name="Certificates">Where the certificate comes from.</param>
/// <param name="CertificateSecret">The Secret, for <see cref="CertificateSource.Self"/>.</param>
/// <param name="CertificateDirectory">tls.crt, tls.key and ca.crt, for <see cref="CertificateSource.Files"/>.</param>
/// <param name="IsCaBundleLeft">Somebody else writes caBundle.</param>
/// <param name="CountPods">Labelled pods without a sidecar are counted; needs the right to list pods.</param>
/// <param name="Kubernetes">URL of the API server; null: as pods find it; <c>none</c>: none.</param>
/// <param name="KubernetesToken">File of the token.</param>
/// <param name="KubernetesCa">File of the authority.</param>
/// <param name="ShutdownDelay">Not ready, and still answering, before the listeners close: the time that endpoints need to be told.</param>
public sealed record ServeOptions(
    InjectorSettings Settings,
    IPEndPoint Listen,
    IPEndPoint ListenPlain,
    string Namespace,
    string Service,
    string WebhookConfiguration,
    CertificateSource Certificates,
    string CertificateSecret,
    string? CertificateDirectory,
    bool IsCaBundleLeft,
    bool CountPods,
    string? Kubernetes,
    string? KubernetesToken,
    string? KubernetesCa,
    TimeSpan ShutdownDelay);
