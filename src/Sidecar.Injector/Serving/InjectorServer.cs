using System.Net;
using System.Net.Mime;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Sidecar.Configuration.Effective;
using Sidecar.Injector.Admission;
using Sidecar.Injector.Injection;
using Sidecar.Injector.Telemetry;

namespace Sidecar.Injector.Serving;

/// <summary>The two listeners and what they answer. HTTPS: /inject, /validate, /readyz. Plain: /livez, /readyz, /metrics.</summary>
public sealed class InjectorServer : IAsyncDisposable
{
    // Three API servers share few connections; this is only a bound.
    private const int MostConnections = 1024;

    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);

    private readonly WebApplication _application;
    private readonly IServeBackends _backends;
    private readonly InjectorMetrics _metrics = new();
    private readonly EventLog _log;
    private readonly TimeProvider _time;
    private readonly string _version;
    private readonly AdmissionEndpoint _inject;
    private readonly AdmissionEndpoint _validate;
    private ListenOptions? _secure;
    private ListenOptions? _plain;
    private volatile bool _isStopping;

    /// <summary>Composes it.</summary>
    public InjectorServer(ServeOptions options, IServeBackends backends, string version, EventLog log, TimeProvider time)
    {
        (_backends, _version, _log, _time) = (backends, version, log, time);
        var pods = new PodWebhook(new PodInjection(options.Settings, version), backends.Cluster, options.Namespace, log, _metrics);
        _inject = new AdmissionEndpoint("inject", pods.Answer, log, _metrics, time);
        _validate = new AdmissionEndpoint("validate", new DocumentWebhook(backends.Documents, log).Answer, log, _metrics, time);

        // Nothing that a file or a variable of the surroundings could change.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server => Configure(server, options));
        _application = builder.Build();
        _application.Run(DispatchAsync);
    }

    /// <summary>Where reviews arrive; after the start.</summary>
    public IPEndPoint? Secure => _secure?.IPEndPoint;

    /// <summary>Where probes and metrics are; after the start.</summary>
    public IPEndPoint? Plain => _plain?.IPEndPoint;

    /// <summary>Listens.</summary>
    /// <exception cref="IOException">An address could not be listened on.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _application.StartAsync(cancellationToken);
        foreach (var (listener, address) in new[] { ("https", Secure), ("plain", Plain) })
        {
            _log.Write(LogSeverity.Info, InjectorEvents.Listening, ("listener", listener), ("address", address?.ToString()));
        }
    }

    /// <summary>Not ready at once; goes on answering until the endpoints have been told, then finishes what is in flight.</summary>
    public async Task StopAsync(TimeSpan delay, CancellationToken impatient)
    {
        _isStopping = true;
        _log.Write(LogSeverity.Info, InjectorEvents.ShutdownStarted, ("delay", $"{delay.TotalSeconds:0}s"));
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, _time, impatient).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        using var limit = new CancellationTokenSource(StopLimit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, impatient);
        await _application.StopAsync(either.Token);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private void Configure(KestrelServerOptions server, ServeOptions options)
    {
        server.AddServerHeader = false;
        server.Limits.MaxRequestBodySize = AdmissionEndpoint.MaxBodyBytes;
        server.Limits.MaxConcurrentConnections = MostConnections;
        server.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        _secure = Listen(server, options.Listen, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.Use(next => connection =>
            {
                connection.Features.Set(SecureListener.Instance);
                return next(connection);
            });
            listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(Handshake()), HandshakeTimeout = TimeSpan.FromSeconds(10) });
        });
        _plain = Listen(server, options.ListenPlain, static listen => listen.Protocols = HttpProtocols.Http1);
    }

    // Asked for each connection: a rotation takes effect with the next one, and those that are open go on.
    private SslServerAuthenticationOptions Handshake() => new()
    {
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
        ServerCertificateContext = _backends.Certificate.Context ?? throw new AuthenticationException("there is no certificate yet"),
    };

    private static ListenOptions? Listen(KestrelServerOptions server, IPEndPoint address, Action<ListenOptions> configure)
    {
        ListenOptions? bound = null;
        if (address.Address.Equals(IPAddress.IPv6Any))
        {
            // Falls back to IPv4 on a machine without IPv6.
            server.ListenAnyIP(address.Port, Remember);
        }
        else
        {
            server.Listen(address, Remember);
        }

        return bound;

        void Remember(ListenOptions listen)
        {
            configure(listen);
            bound = listen;
        }
    }

    private Task DispatchAsync(HttpContext context)
    {
        if (_isStopping && HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            // API servers keep connections: one that is still open when the delay ends could carry the next review into its end.
            context.Response.Headers.Connection = "close";
        }

        return AnswerAsync(context);
    }

    private Task AnswerAsync(HttpContext context) => (context.Features.Get<SecureListener>() is not null, context.Request.Path.Value) switch
    {
        (true, "/inject") => _inject.HandleAsync(context),
        (true, "/validate") => _validate.HandleAsync(context),
        (false, "/livez") => TextAsync(context, StatusCodes.Status200OK, "ok\n"),
        (false, "/metrics") => MetricsAsync(context),
        (_, "/readyz") => ReadyAsync(context),
        _ => TextAsync(context, StatusCodes.Status404NotFound, "not found\n"),
    };

    private Task ReadyAsync(HttpContext context)
    {
        List<string> reasons = [.. _backends.NotReady];
        if (_isStopping)
        {
            reasons.Add("shutting down");
        }

        return reasons.Count == 0
            ? TextAsync(context, StatusCodes.Status200OK, "ok\n")
            : TextAsync(context, StatusCodes.Status503ServiceUnavailable, string.Concat(reasons.Select(static reason => $"{reason}\n")));
    }

    private Task MetricsAsync(HttpContext context)
    {
        var text = new MetricText();
        text.Family("sidecar_injector_build_info", "gauge", "Always 1; what is running.");
        text.Sample("sidecar_injector_build_info", 1, ("version", _version));
        text.Family("sidecar_injector_log_lines_lost_total", "counter", "Log lines lost because standard output was blocked.");
        text.Sample("sidecar_injector_log_lines_lost_total", _log.LostLines);
        _metrics.Write(text);
        var writer = new StringWriter();
        writer.Write(text.ToString());
        _backends.WriteMetrics(writer);
        return TextAsync(context, StatusCodes.Status200OK, writer.ToString(), "text/plain; version=0.0.4; charset=utf-8");
    }

    private static Task TextAsync(HttpContext context, int status, string text, string type = MediaTypeNames.Text.Plain)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method) && status == StatusCodes.Status200OK)
        {
            context.Response.Headers.Allow = "GET, HEAD";
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return Task.CompletedTask;
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(text, context.RequestAborted);
    }

    /// <summary>Marks connections of the HTTPS listener: the webhooks are nowhere else.</summary>
    private sealed class SecureListener
    {
        public static readonly SecureListener Instance = new();
    }
}
