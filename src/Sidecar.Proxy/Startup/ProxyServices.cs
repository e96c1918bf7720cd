using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Forwarding;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Routing;
using Sidecar.Proxy.Sockets;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.SessionAffinity;

namespace Sidecar.Proxy.Startup;

/// <summary>The web server and Yarp, and of both only what is needed: nothing but our own document configures the product.</summary>
public static class ProxyServices
{
    /// <summary>Connections that the kernel keeps for us while we are busy.</summary>
    public const int Backlog = 4096;

    /// <summary>A server with routing and forwarding.</summary>
    public static ProxyServer Create(
        SidecarProxyConfigProvider configuration, Listeners listeners, DrainableListenerFactory transport, bool isIntercepting)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConnectionListenerFactory>(transport);
        AddServer(services);
        services.Configure<KestrelServerOptions>(listeners.Configure);
        services.AddSingleton<IProxyConfigProvider>(configuration);
        services.AddReverseProxy();
        services.AddSingleton<MatcherPolicy>(new DirectionMatcherPolicy(isIntercepting));
        services.RemoveAll<IForwarderHttpClientFactory>();
        services.AddSingleton<IForwarderHttpClientFactory, SidecarForwarderHttpClientFactory>();

        // Yarp's validation of clusters would make them, and they want data protection (src/decisions/0005-yarp-surface.md).
        services.RemoveAll<ISessionAffinityPolicy>();
        services.RemoveAll<IAffinityFailurePolicy>();
        return new ProxyServer(services);
    }

    /// <summary>Adds Kestrel and what it asks a host for. Its log goes nowhere: what the operator must know is in ours.</summary>
    public static void AddServer(IServiceCollection services)
    {
        var diagnostics = new DiagnosticListener("Microsoft.AspNetCore");
        services.AddSingleton(diagnostics);
        services.AddSingleton<DiagnosticSource>(diagnostics);
        services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddMetrics();
        ProxyServer.AddKestrel(services);
    }

    /// <summary>
    /// What Kestrel reads from and writes to. A request is served on the event loop that read it, which is the largest single saving
    /// there is (PERFORMANCE §2.3: 2.3–2.8 × HAProxy's CPU → 1.5–1.7 ×); nothing on this path blocks, which is what makes that safe. On Linux
    /// the loop is our own; elsewhere Kestrel's socket transport with inline scheduling, where the program sets inline completions.
    /// </summary>
    public static IConnectionListenerFactory SocketTransport(TimeProvider time) => EventLoopGroup.IsSupported ? new LoopListenerFactory(Backlog, time) : new SocketTransportFactory(
        Options.Create(new SocketTransportOptions
        {
            UnsafePreferInlineScheduling = true,
            WaitForDataBeforeAllocatingBuffer = true,
            NoDelay = true,
            Backlog = Backlog,
        }),
        NullLoggerFactory.Instance);

    /// <summary>Makes the server's connection of one that <see cref="InterceptionListener"/> accepted and that speaks HTTP.</summary>
    public static Func<InterceptedConnection, ConnectionContext> Connections()
    {
        if (EventLoopGroup.IsSupported)
        {
            return static connection => new LoopConnection(connection.Loop ?? new LoopSocket(connection.Socket));
        }

        var sockets = new SocketConnectionContextFactory(
            new SocketConnectionFactoryOptions { UnsafePreferInlineScheduling = true, WaitForDataBeforeAllocatingBuffer = true },
            NullLogger.Instance);
        return connection => sockets.Create(connection.Socket);
    }

    /// <summary>Is this the address of that listener? Compared by reference first: two listeners may both ask for port 0.</summary>
    public static bool IsAddressOf(EndPoint endpoint, IPEndPoint? listener) =>
        ReferenceEquals(endpoint, listener) || (listener is { Port: > 0 } && listener.Equals(endpoint));
}
