using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Sidecar.Proxy.Startup;

/// <summary>
/// Kestrel and a pipeline, without the host that usually stands around them: no environment, no configuration, no hosted
/// services, no activity or event for each request. Whatever a host would read, our own document says; what it would make
/// cost a third of the start (src/decisions/0014-memory-start-and-size.md).
/// </summary>
public sealed class ProxyServer : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly IServer _server;
    private readonly ApplicationBuilder _pipeline;

    /// <summary>Makes the server; nothing listens yet.</summary>
    /// <param name="services">What Kestrel (see <see cref="AddKestrel"/>), routing and forwarding are made of.</param>
    public ProxyServer(IServiceCollection services)
    {
        _services = services.BuildServiceProvider();
        _server = _services.GetRequiredService<IServer>();
        _pipeline = new ApplicationBuilder(_services, _server.Features);
    }

    /// <summary>What the server consists of.</summary>
    public IServiceProvider Services => _services;

    /// <summary>The layers of a request; complete before the start.</summary>
    public IApplicationBuilder Pipeline => _pipeline;

    /// <summary>What the server says about itself, its addresses for one.</summary>
    public IFeatureCollection Features => _server.Features;

    /// <summary>Adds Kestrel as it is without HTTPS and HTTP/3 of its own.</summary>
    public static void AddKestrel(IServiceCollection services) => new ServicesOnly(services).UseKestrelCore();

    /// <summary>Opens the listeners and serves.</summary>
    /// <exception cref="IOException">A listener could not be opened.</exception>
    public Task StartAsync(CancellationToken cancellationToken) =>
        _server.StartAsync(new RequestApplication(_pipeline.Build(), _services.GetRequiredService<IServiceScopeFactory>()), cancellationToken);

    /// <summary>Closes idle connections, waits for the others, and cuts what is left when the token is cancelled.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _server.StopAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _services.DisposeAsync();

    /// <summary>Hands the requests that Kestrel has read to the pipeline. A connection keeps its context for its next request.</summary>
    private sealed class RequestApplication(RequestDelegate pipeline, IServiceScopeFactory scopes) : IHttpApplication<DefaultHttpContext>
    {
        public DefaultHttpContext CreateContext(IFeatureCollection contextFeatures)
        {
            var container = contextFeatures as IHostContextContainer<DefaultHttpContext>;
            if (container?.HostContext is { } kept)
            {
                kept.Initialize(contextFeatures);
                kept.ServiceScopeFactory = scopes;
                return kept;
            }

            var context = new DefaultHttpContext(contextFeatures) { ServiceScopeFactory = scopes };
            container?.HostContext = context;
            return context;
        }

        public Task ProcessRequestAsync(DefaultHttpContext context) => pipeline(context);

        public void DisposeContext(DefaultHttpContext context, Exception? exception) => context.Uninitialize();
    }

    /// <summary>Kestrel's own types are internal; the only door is an extension of the host's builder, of which it uses this one method.</summary>
    private sealed class ServicesOnly(IServiceCollection services) : IWebHostBuilder
    {
        public IWebHostBuilder ConfigureServices(Action<IServiceCollection> configureServices)
        {
            configureServices(services);
            return this;
        }

        public IWebHostBuilder ConfigureServices(Action<WebHostBuilderContext, IServiceCollection> configureServices)
        {
            configureServices(new WebHostBuilderContext(), services);
            return this;
        }

        public IWebHostBuilder ConfigureAppConfiguration(Action<WebHostBuilderContext, IConfigurationBuilder> configureDelegate) =>
            throw new NotSupportedException();

        public IWebHostBuilder UseSetting(string key, string? value) => throw new NotSupportedException();

        public string? GetSetting(string key) => null;

#pragma warning disable ASPDEPR008 // the interface asks for it
        public IWebHost Build() => throw new NotSupportedException();
#pragma warning restore ASPDEPR008
    }
}
