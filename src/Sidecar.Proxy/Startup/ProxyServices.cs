using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Forwarding;
using Sidecar.Proxy.Routing;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Sidecar.Proxy.Startup;

/// <summary>
/// The web server and Yarp, and of both only what is needed: an empty builder reads no appsettings file and no
/// <c>ASPNETCORE_*</c> variable, so nothing but our own document configures the product.
/// </summary>
public static class ProxyServices
{
    /// <summary>Connections that the kernel keeps for us while we are busy.</summary>
    public const int Backlog = 4096;

    /// <summary>A builder with server, routing and forwarding.</summary>
    public static WebApplicationBuilder CreateBuilder(
        SidecarProxyConfigProvider configuration, Listeners listeners, DrainableListenerFactory transport, bool isIntercepting)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(listeners.Configure);
        var services = builder.Services;
        services.RemoveAll<IConnectionListenerFactory>();
        services.AddSingleton<IConnectionListenerFactory>(transport);
        services.AddSingleton<IProxyConfigProvider>(configuration);
        services.AddReverseProxy();
        services.AddSingleton<MatcherPolicy>(new DirectionMatcherPolicy(isIntercepting));
        services.RemoveAll<IForwarderHttpClientFactory>();
        services.AddSingleton<IForwarderHttpClientFactory, SidecarForwarderHttpClientFactory>();
        RemoveUnused(services);
        return builder;
    }

    /// <summary>
    /// Kestrel's socket transport with inline scheduling: with inline socket completions (set by the program) a request is
    /// served on the event loop that read it. Nothing on this path blocks, which is what makes that safe; it is the largest
    /// single saving there is (PERFORMANCE §2.3: 2.3–2.8 × HAProxy's CPU → 1.5–1.7 ×).
    /// </summary>
    public static SocketTransportFactory SocketTransport() => new(
        Options.Create(new SocketTransportOptions
        {
            UnsafePreferInlineScheduling = true,
            WaitForDataBeforeAllocatingBuffer = true,
            NoDelay = true,
            Backlog = Backlog,
        }),
        NullLoggerFactory.Instance);

    // Yarp brings session affinity with data protection, which writes keys to disk at start (a sidecar's root is
    // read-only), and background work for health checks that are ours here.
    private static void RemoveUnused(IServiceCollection services)
    {
        for (var i = services.Count - 1; i >= 0; i--)
        {
            var name = services[i].ServiceType.FullName ?? "";
            var implementation = services[i].ImplementationType?.FullName ?? "";
            if (name.StartsWith("Yarp.ReverseProxy.SessionAffinity.", StringComparison.Ordinal)
                || name.StartsWith("Microsoft.AspNetCore.DataProtection.", StringComparison.Ordinal)
                || (services[i].ServiceType == typeof(IHostedService) && implementation.Contains("DataProtection", StringComparison.Ordinal)))
            {
                services.RemoveAt(i);
            }
        }
    }

    /// <summary>The same transport for sockets that were accepted by <see cref="Interception.InterceptionListener"/>.</summary>
    public static SocketConnectionContextFactory SocketConnections() => new(
        new SocketConnectionFactoryOptions { UnsafePreferInlineScheduling = true, WaitForDataBeforeAllocatingBuffer = true },
        NullLogger.Instance);

    /// <summary>Is this the address of that listener? Compared by reference first: two listeners may both ask for port 0.</summary>
    public static bool IsAddressOf(EndPoint endpoint, IPEndPoint? listener) =>
        ReferenceEquals(endpoint, listener) || (listener is { Port: > 0 } && listener.Equals(endpoint));
}
