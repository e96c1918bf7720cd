using System.Net;
using System.Net.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Forwarder;

namespace Sidecar.Floor;

/// <summary>The modes behind Kestrel, hosted and scheduled as the product does it (Startup/ProxyServices.cs).</summary>
internal static class KestrelModes
{
    private static readonly byte[] s_body = System.Text.Encoding.ASCII.GetBytes(new string('x', 100));

    /// <summary>Serves until the process ends.</summary>
    public static async Task RunAsync(IPEndPoint address, Func<IServiceProvider, RequestDelegate> handler)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.Listen(address, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.Configure<SocketTransportOptions>(options =>
        {
            options.UnsafePreferInlineScheduling = true;
            options.WaitForDataBeforeAllocatingBuffer = true;
            options.NoDelay = true;
            options.Backlog = 4096;
        });
        builder.Services.AddHttpForwarder();
        var app = builder.Build();
        app.Run(handler(app.Services));
        await app.RunAsync();
    }

    /// <summary>The server half alone: the backend's answer, from memory.</summary>
    public static RequestDelegate Answer(IServiceProvider services) => static context =>
    {
        context.Response.ContentType = "text/plain";
        context.Response.ContentLength = s_body.Length;
        return context.Response.Body.WriteAsync(s_body, 0, s_body.Length);
    };

    /// <summary>The platform's client with the settings that Yarp's documentation gives it.</summary>
    public static HttpMessageInvoker PlatformClient() => new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(15),
    });

    /// <summary>Yarp's forwarder over a client: nothing but the packages when the client is the platform's.</summary>
    public static Func<IServiceProvider, RequestDelegate> Yarp(IPEndPoint upstream, HttpMessageInvoker client) => services =>
    {
        var forwarder = services.GetRequiredService<IHttpForwarder>();
        var address = $"http://{upstream}/";
        return async context =>
        {
            await forwarder.SendAsync(context, address, client);
        };
    };
}
