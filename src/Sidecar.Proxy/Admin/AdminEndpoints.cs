using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Configuration;
using Sidecar.Configuration.Effective;
using Sidecar.Contract;

namespace Sidecar.Proxy.Admin;

/// <summary>
/// The controls (<c>listeners.admin</c>, loopback) and the probes and metrics (<c>listeners.metrics</c>, visible in the
/// pod network). Two request delegates, no routing: the raw request target must be one of the known words, so that
/// no second spelling of a path exists.
/// </summary>
/// <param name="view">What is shown and done.</param>
/// <param name="appHealth">The application's probes.</param>
public sealed class AdminEndpoints(IAdminView view, AppHealthEndpoint appHealth)
{
    /// <summary>Serves the admin listener.</summary>
    public Task HandleAdminAsync(HttpContext context)
    {
        var (path, query) = Target(context);
        if (!LoopbackAuthority.Matches(context.Request.Host.Value))
        {
            if (IsChanging(path))
            {
                Audit(context, path, "", AdminOutcome.HostNotLoopback);
            }

            return AdminResponse.WriteProblemAsync(context, StatusCodes.Status421MisdirectedRequest, "The Host of an admin request must be localhost or a loopback address.");
        }

        if (IsChanging(path))
        {
            return ChangeAsync(context, path, query);
        }

        return path switch
        {
            "/config" => ReadAsync(context, WriteConfigurationAsync),
            "/routes" => ReadAsync(context, c => AdminResponse.WriteJsonAsync(c, 200, json => AdminJson.WriteRoutes(json, view))),
            "/breakers" => ReadAsync(context, c => AdminResponse.WriteJsonAsync(c, 200, json => AdminJson.WriteBreakers(json, view.Breakers))),
            "/stats" => ReadAsync(context, c => AdminResponse.WriteJsonAsync(c, 200, json => AdminJson.WriteStats(json, view))),
            "/healthz" => ReadAsync(context, HealthAsync),
            "/readyz" => ReadAsync(context, c => ReadyAsync(c, IsVerbose(query))),
            _ => ProbeOrMetricsAsync(context, path),
        };
    }

    /// <summary>
    /// Serves the metrics listener: <c>GET /metrics</c>, <c>/livez</c>, <c>/readyz</c>, <c>/app-health/…</c>. Any <c>Host</c>, since scrapers and
    /// the kubelet come by address; never verbose, since anybody in the pod network may ask.
    /// </summary>
    public Task HandleMetricsAsync(HttpContext context)
    {
        var path = Target(context).Path;
        return AppHealthEndpoint.Owns(path) ? ReadAsync(context, c => appHealth.HandleAsync(c, path)) : ProbeOrMetricsAsync(context, path);
    }

    private Task ProbeOrMetricsAsync(HttpContext context, string path) => path switch
    {
        "/metrics" => ReadAsync(context, WriteMetricsAsync),
        "/livez" => ReadAsync(context, c => AdminResponse.WriteJsonAsync(c, 200, json => AdminJson.WriteStatus(json, "ok", []))),
        "/readyz" => ReadAsync(context, c => ReadyAsync(c, isVerbose: false)),
        _ => AdminResponse.WriteProblemAsync(context, StatusCodes.Status404NotFound, "No such resource."),
    };

    private Task ReadyAsync(HttpContext context, bool isVerbose)
    {
        var health = view.Health;
        var status = health.State == LifeState.Ready ? 200 : 503;
        return AdminResponse.WriteJsonAsync(context, status, json =>
        {
            if (isVerbose)
            {
                AdminJson.WriteVerboseReadiness(json, health, view.Configuration);
            }
            else
            {
                AdminJson.WriteStatus(json, AdminJson.Name(health.State), health.Reasons);
            }
        });
    }

    private Task HealthAsync(HttpContext context)
    {
        var overloaded = view.Health.Overloaded;
        return AdminResponse.WriteJsonAsync(
            context,
            overloaded.Count == 0 ? 200 : 503,
            json => AdminJson.WriteStatus(json, overloaded.Count == 0 ? "ok" : "degraded", overloaded));
    }

    private Task WriteConfigurationAsync(HttpContext context)
    {
        if (view.Configuration is not { Current: var current })
        {
            return AdminResponse.WriteProblemAsync(context, StatusCodes.Status503ServiceUnavailable, "No configuration is loaded yet.");
        }

        context.Response.Headers.ETag = $"\"{current.Revision}\"";
        return AdminResponse.WriteJsonAsync(context, 200, json =>
        {
            using var document = JsonDocument.Parse(EffectiveDocument.WriteJson(current.Configuration, isRedacted: true));
            document.RootElement.WriteTo(json);
        });
    }

    private async Task WriteMetricsAsync(HttpContext context)
    {
        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        view.WriteMetrics(buffer);
        AdminResponse.Begin(context, 200, "text/plain; version=0.0.4; charset=utf-8");
        context.Response.ContentLength = buffer.WrittenCount;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
        }
    }

    private Task ChangeAsync(HttpContext context, string path, string query)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            return NotAllowedAsync(context, "POST");
        }

        if (!context.Request.Headers.ContainsKey(HeaderNames.Admin))
        {
            Audit(context, path, "", AdminOutcome.HeaderMissing);
            return AdminResponse.WriteProblemAsync(context, StatusCodes.Status403Forbidden, $"Changing requests carry the header {HeaderNames.Admin}.");
        }

        return path switch
        {
            "/drain" => BeginAsync(context, path, view.Drain),
            "/quitquitquit" => BeginAsync(context, path, view.Quit),
            _ => SetLogLevelAsync(context, query),
        };
    }

    private Task BeginAsync(HttpContext context, string path, Action begin)
    {
        Audit(context, path, "", AdminOutcome.Accepted);
        begin();
        return AdminResponse.WriteJsonAsync(context, StatusCodes.Status202Accepted, json => AdminJson.WriteStats(json, view));
    }

    private Task SetLogLevelAsync(HttpContext context, string query)
    {
        if (AdminJson.ParseSeverity(query.StartsWith("level=", StringComparison.Ordinal) ? query["level=".Length..] : "") is not { } level)
        {
            Audit(context, "/log-level", "", AdminOutcome.InvalidParameter);
            return AdminResponse.WriteProblemAsync(context, StatusCodes.Status400BadRequest, "Write /log-level?level=debug, info, warn or error.");
        }

        Audit(context, "/log-level", AdminJson.Name(level), AdminOutcome.Accepted);
        view.SetLogLevel(level);
        return AdminResponse.WriteJsonAsync(context, 200, json => AdminJson.WriteLogLevel(json, view.LogLevel));
    }

    private void Audit(HttpContext context, string path, string value, AdminOutcome outcome) => view.Audit(new AdminAction(
        path[1..],
        value,
        outcome,
        context.Connection.RemoteIpAddress is { } address ? new System.Net.IPEndPoint(address, context.Connection.RemotePort) : null));

    private static bool IsChanging(string path) => path is "/drain" or "/quitquitquit" or "/log-level";

    private static bool IsVerbose(string query) => query is "verbose" or "verbose=" or "verbose=true" or "verbose=1";

    private static Task ReadAsync(HttpContext context, RequestDelegate respond) =>
        HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)
            ? respond(context)
            : NotAllowedAsync(context, "GET, HEAD");

    private static Task NotAllowedAsync(HttpContext context, string allowed)
    {
        context.Response.Headers.Allow = allowed;
        return AdminResponse.WriteProblemAsync(context, StatusCodes.Status405MethodNotAllowed, $"Allowed here: {allowed}.");
    }

    // The target as it came: decoded and normalised paths have more than one spelling.
    private static (string Path, string Query) Target(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        return mark < 0 ? (target, "") : (target[..mark], target[(mark + 1)..]);
    }
}
