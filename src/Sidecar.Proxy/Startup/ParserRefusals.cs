using Microsoft.AspNetCore.Http.Features;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Startup;

/// <summary>
/// Kestrel answers what its parser refuses before any layer of ours runs. Its diagnostic event tells, so that those
/// requests are counted and logged as <c>BR</c> like the ones we refuse.
/// </summary>
public sealed class ParserRefusals(RequestTelemetry telemetry) : IObserver<KeyValuePair<string, object?>>
{
    private const string BadRequestEvent = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    /// <summary>Is this the one event we want? Everything else stays off: it would cost every request.</summary>
    public static bool Wants(string eventName, object? argument, object? context) => eventName == BadRequestEvent;

    /// <inheritdoc/>
    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Value is IFeatureCollection features
            && features.Get<ListenerFeature>() is { Kind: ListenerKind.Reverse or ListenerKind.Outbound or ListenerKind.Inbound } listener)
        {
            telemetry.Malformed(LabelValues.Name(listener.Direction), features.Get<IBadRequestExceptionFeature>()?.Error?.Message);
        }
    }

    /// <inheritdoc/>
    public void OnCompleted()
    {
    }

    /// <inheritdoc/>
    public void OnError(Exception error)
    {
    }
}
