using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Proxy.Startup;

namespace Sidecar.Proxy.Commands.Demo;

/// <summary>A small HTTP server that misbehaves by script, on a free loopback port.</summary>
public sealed class DemoUpstream : IAsyncDisposable
{
    private readonly ProxyServer _server;

    private DemoUpstream(ProxyServer server, int port) => (_server, Port) = (server, port);

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>Starts it.</summary>
    public static async Task<DemoUpstream> StartAsync(DemoScript script, TimeProvider time, CancellationToken cancellationToken)
    {
        var services = new ServiceCollection();
        services.AddOptions();
        ProxyServices.AddServer(services);
        services.Configure<KestrelServerOptions>(options =>
        {
            options.AddServerHeader = false;
            options.Listen(IPAddress.Loopback, port: 0);
        });
        var server = new ProxyServer(services);
        server.Pipeline.Run(context => AnswerAsync(context, script, time));
        await server.StartAsync(cancellationToken);
        var address = server.Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new DemoUpstream(server, new Uri(address).Port);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task AnswerAsync(HttpContext context, DemoScript script, TimeProvider time)
    {
        var path = context.Request.Path.Value ?? "/";
        var route = path.Split('/', 3, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
        var reply = script.Next(route);
        try
        {
            if (reply.Delay > TimeSpan.Zero)
            {
                await Task.Delay(reply.Delay, time, context.RequestAborted);
            }

            context.Response.StatusCode = reply.Status;
            await context.Response.WriteAsync(reply.Status == 200 ? "hello from the upstream\n" : "the upstream is having a bad day\n", context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The proxy gave up, which is what is being shown.
        }
    }
}
