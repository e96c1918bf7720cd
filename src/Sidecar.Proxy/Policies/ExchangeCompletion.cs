using Sidecar.Proxy.Errors;

namespace Sidecar.Proxy.Policies;

/// <summary>How a response that was passed on came to its end.</summary>
/// <param name="Error">
/// None when body and trailers ended as they should; <see cref="ProxyError.UpstreamClosed"/> or
/// <see cref="ProxyError.UpstreamProtocol"/> when the upstream broke off; <see cref="ProxyError.RequestTimeout"/> when it
/// fell silent for longer than the idle timeout; <see cref="ProxyError.CallerGone"/> when the caller left first.
/// </param>
/// <param name="GrpcStatus">From the trailers; -1 when there was none.</param>
public readonly record struct ExchangeCompletion(ProxyError Error, int GrpcStatus)
{
    /// <summary>A plain good end.</summary>
    public static ExchangeCompletion Ended => new(ProxyError.None, -1);

    /// <summary>The end of a gRPC call by its trailers.</summary>
    public static ExchangeCompletion WithGrpcStatus(int grpcStatus) => new(ProxyError.None, grpcStatus);

    /// <summary>A broken end; see the parameter of the same name.</summary>
    public static ExchangeCompletion Failed(ProxyError error) => new(error, -1);

    /// <summary>The caller left before the end: nobody's failure.</summary>
    public static ExchangeCompletion CallerGone => new(ProxyError.CallerGone, -1);
}
