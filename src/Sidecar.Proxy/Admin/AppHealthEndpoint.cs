using Microsoft.AspNetCore.Http;
using Sidecar.Contract;
using Sidecar.Proxy.AppHealth;

namespace Sidecar.Proxy.Admin;

/// <summary><c>/app-health/&lt;container&gt;/&lt;probe&gt;</c>: the kubelet asks us what it would have asked the application.</summary>
/// <param name="health">Performs the probes.</param>
public sealed class AppHealthEndpoint(ApplicationHealth health)
{
    /// <summary>Is this one of its paths?</summary>
    public static bool Owns(string path) => path.StartsWith(ApplicationProbes.PathPrefix, StringComparison.Ordinal);

    /// <summary>200, 503 with the reason, or 404. A hook without an answer gets none either: the kubelet takes any status for success there.</summary>
    public async Task HandleAsync(HttpContext context, string path)
    {
        if (health.Find(path[ApplicationProbes.PathPrefix.Length..]) is not { } probe)
        {
            await AdminResponse.WriteProblemAsync(context, StatusCodes.Status404NotFound, $"{EnvironmentVariables.ApplicationProbes} names no such probe.");
            return;
        }

        var connection = context.Connection;
        if (connection.LocalIpAddress is not { } reachedAt)
        {
            throw new InvalidOperationException("The connection has no local address.");
        }

        var verdict = await health.RunAsync(
            probe,
            new ProbeCaller(reachedAt.IsIPv4MappedToIPv6 ? reachedAt.MapToIPv4() : reachedAt, connection.LocalPort, UserAgent(context)),
            context.RequestAborted);
        if (verdict.IsHealthy)
        {
            await AdminResponse.WriteJsonAsync(context, StatusCodes.Status200OK, json => AdminJson.WriteStatus(json, "ok", [verdict.Reason]));
        }
        else if (probe.IsHook)
        {
            context.Abort();
        }
        else
        {
            await AdminResponse.WriteProblemAsync(context, StatusCodes.Status503ServiceUnavailable, verdict.Reason);
        }
    }

    private static string? UserAgent(HttpContext context) => context.Request.Headers.UserAgent is [{ Length: > 0 and <= 256 } one] ? one : null;
}
