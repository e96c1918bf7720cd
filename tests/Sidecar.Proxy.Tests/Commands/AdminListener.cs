using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Proxy.Admin;
using Sidecar.Proxy.AppHealth;
using Sidecar.Proxy.Tests.Admin;

namespace Sidecar.Proxy.Tests.Commands;

/// <summary>The real admin endpoints on a real socket, in front of a view that the test writes.</summary>
internal sealed class AdminListener : IAsyncDisposable
{
    private readonly WebApplication _application;

    private AdminListener(WebApplication application, RecordedAdminView view) => (_application, View) = (application, view);

    public RecordedAdminView View { get; }

    public string Address => _application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()["http://".Length..];

    public static async Task<AdminListener> StartAsync()
    {
        var view = new RecordedAdminView();
        var endpoints = new AdminEndpoints(view, new AppHealthEndpoint(new ApplicationHealth([], (_, _) => { }, TimeProvider.System)));
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        var application = builder.Build();
        application.Run(endpoints.HandleAdminAsync);
        await application.StartAsync();
        return new AdminListener(application, view);
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();
}
