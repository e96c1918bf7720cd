namespace Sidecar.Contract;

/// <summary>Every environment variable the product reads under its own name. The standard <c>OTEL_*</c> ones are read by telemetry.</summary>
public static class EnvironmentVariables
{
    /// <summary>Namespace of the pod; resolves the short form of <c>match.service</c>. Default: first search domain of resolv.conf.</summary>
    public const string Namespace = "SIDECAR_NAMESPACE";

    /// <summary>Number of socket event loops. Default: ⌈CPU quota⌉ when there is a quota, else min(2, cores).</summary>
    public const string EventLoops = "SIDECAR_EVENT_LOOPS";

    /// <summary><c>sidecar-init --backend</c>: <c>nft</c> or <c>iptables</c>. Default: nft.</summary>
    public const string RedirectBackend = "SIDECAR_INIT_BACKEND";

    /// <summary><c>sidecar-init --proxy-uid</c>: user id of the proxy. Default: <see cref="ProxyIdentity.Uid"/>.</summary>
    public const string ProxyUid = "SIDECAR_INIT_PROXY_UID";

    /// <summary><c>sidecar-init --proxy-gid</c>: group id of the proxy. Default: <see cref="ProxyIdentity.Gid"/>.</summary>
    public const string ProxyGid = "SIDECAR_INIT_PROXY_GID";

    /// <summary><c>sidecar-init --app-uids</c>: user ids of the pod's other containers, to refuse a clash. Default: none.</summary>
    public const string ApplicationUids = "SIDECAR_INIT_APP_UIDS";

    /// <summary><c>sidecar-init --outbound-port</c>. Default: <see cref="Ports.Outbound"/>.</summary>
    public const string OutboundPort = "SIDECAR_INIT_OUTBOUND_PORT";

    /// <summary><c>sidecar-init --inbound-port</c>. Default: <see cref="Ports.Inbound"/>.</summary>
    public const string InboundPort = "SIDECAR_INIT_INBOUND_PORT";

    /// <summary><c>sidecar-init --include-outbound-ports</c>. Default: all.</summary>
    public const string IncludeOutboundPorts = "SIDECAR_INIT_INCLUDE_OUTBOUND_PORTS";

    /// <summary><c>sidecar-init --skip-outbound-ports</c>. Default: none.</summary>
    public const string SkipOutboundPorts = "SIDECAR_INIT_SKIP_OUTBOUND_PORTS";

    /// <summary><c>sidecar-init --include-outbound-cidrs</c>. Default: all.</summary>
    public const string IncludeOutboundCidrs = "SIDECAR_INIT_INCLUDE_OUTBOUND_CIDRS";

    /// <summary><c>sidecar-init --skip-outbound-cidrs</c>. Default: none.</summary>
    public const string SkipOutboundCidrs = "SIDECAR_INIT_SKIP_OUTBOUND_CIDRS";

    /// <summary><c>sidecar-init --include-inbound-ports</c>. Default: all.</summary>
    public const string IncludeInboundPorts = "SIDECAR_INIT_INCLUDE_INBOUND_PORTS";

    /// <summary><c>sidecar-init --skip-inbound-ports</c>. Default: none.</summary>
    public const string SkipInboundPorts = "SIDECAR_INIT_SKIP_INBOUND_PORTS";

    /// <summary><c>sidecar-init --skip-interfaces</c>, both directions. Default: none.</summary>
    public const string SkipInterfaces = "SIDECAR_INIT_SKIP_INTERFACES";

    /// <summary><c>sidecar-init --dns</c>: <c>skip</c> or <c>redirect</c> TCP port 53. Default: skip.</summary>
    public const string RedirectDns = "SIDECAR_INIT_DNS";

    /// <summary><c>sidecar-init --metadata</c>: <c>skip</c> or <c>redirect</c> the cloud's metadata address. Default: skip.</summary>
    public const string RedirectMetadata = "SIDECAR_INIT_METADATA";

    /// <summary><c>sidecar-init --ipv6</c>: <c>on</c> or <c>off</c>. Default: on.</summary>
    public const string RedirectIpv6 = "SIDECAR_INIT_IPV6";

    /// <summary>
    /// The application's own probes and HTTP hooks, as JSON of <c>"container/probe"</c> (<see cref="ApplicationProbes"/>) to
    /// the Kubernetes object with ports as numbers: <c>{"web/readiness":{"httpGet":{"path":"/healthz","port":8080},"timeoutSeconds":1}}</c>.
    /// <c>httpGet</c>, <c>tcpSocket</c> or <c>grpc</c>. Default: none.
    /// </summary>
    public const string ApplicationProbes = "SIDECAR_APP_PROBES";

    /// <summary><c>sidecar-injector serve --settings</c>. Default: built-in settings.</summary>
    public const string InjectorSettings = "SIDECAR_INJECTOR_SETTINGS";

    /// <summary><c>sidecar-injector serve --listen</c>. Default: [::]:8443.</summary>
    public const string InjectorListen = "SIDECAR_INJECTOR_LISTEN";

    /// <summary><c>sidecar-injector serve --listen-plain</c>. Default: [::]:8080.</summary>
    public const string InjectorListenPlain = "SIDECAR_INJECTOR_LISTEN_PLAIN";

    /// <summary><c>sidecar-injector serve --namespace</c>, from the downward API. Default: default.</summary>
    public const string PodNamespace = "POD_NAMESPACE";

    /// <summary><c>sidecar-injector serve --service</c>. Default: sidecar-injector.</summary>
    public const string InjectorService = "SIDECAR_INJECTOR_SERVICE";

    /// <summary><c>sidecar-injector serve --webhook-configuration</c>. Default: sidecar-injector.</summary>
    public const string InjectorWebhookConfiguration = "SIDECAR_INJECTOR_WEBHOOK_CONFIGURATION";

    /// <summary><c>sidecar-injector serve --certificates</c>: <c>self</c> or <c>files</c>. Default: self.</summary>
    public const string InjectorCertificates = "SIDECAR_INJECTOR_CERTIFICATES";

    /// <summary><c>sidecar-injector serve --certificate-secret</c>. Default: sidecar-injector-certificate.</summary>
    public const string InjectorCertificateSecret = "SIDECAR_INJECTOR_CERTIFICATE_SECRET";

    /// <summary><c>sidecar-injector serve --certificate-dir</c>. Default: none.</summary>
    public const string InjectorCertificateDirectory = "SIDECAR_INJECTOR_CERTIFICATE_DIR";

    /// <summary><c>sidecar-injector serve --ca-bundle</c>: <c>patch</c> or <c>leave</c>. Default: patch.</summary>
    public const string InjectorCaBundle = "SIDECAR_INJECTOR_CA_BUNDLE";

    /// <summary><c>sidecar-injector serve --count-pods</c>: <c>true</c> or <c>false</c>. Default: false.</summary>
    public const string InjectorCountPods = "SIDECAR_INJECTOR_COUNT_PODS";

    /// <summary><c>sidecar-injector serve --kubernetes</c>: a URL, or <c>none</c>. Default: as pods find it.</summary>
    public const string InjectorKubernetes = "SIDECAR_INJECTOR_KUBERNETES";

    /// <summary><c>sidecar-injector serve --kubernetes-token</c>. Default: the service account's.</summary>
    public const string InjectorKubernetesToken = "SIDECAR_INJECTOR_KUBERNETES_TOKEN";

    /// <summary><c>sidecar-injector serve --kubernetes-ca</c>. Default: the service account's.</summary>
    public const string InjectorKubernetesCa = "SIDECAR_INJECTOR_KUBERNETES_CA";

    /// <summary><c>sidecar-injector serve --shutdown-delay</c>, in seconds. Default: 5.</summary>
    public const string InjectorShutdownDelay = "SIDECAR_INJECTOR_SHUTDOWN_DELAY";
}
