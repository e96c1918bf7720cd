using System.Net.Sockets;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Forwarding;

/// <summary>One TCP connection as the policy engine's exchange: an attempt is a connect.</summary>
internal sealed class OpaqueExchange(UpstreamDialer dialer, TimeProvider time) : UpstreamExchange
{
    // The engine asks for a status where there is an answer; a connection is one.
    private const int Connected = 200;

    /// <inheritdoc/>
    public override BodyReplay Body => BodyReplay.Untouched;

    /// <inheritdoc/>
    public override Task RequestReceived => Task.CompletedTask;

    /// <inheritdoc/>
    public override async ValueTask<AttemptOutcome> TryAsync(AttemptPlan attempt, CancellationToken cancellationToken)
    {
        using var timeout = attempt.ConnectTimeout is { } limit ? new CancellationTokenSource(limit, time) : new CancellationTokenSource();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);

        var address = attempt.Destination.Address;
        try
        {
            return new AttemptOutcome
            {
                Status = Connected,
                GrpcStatus = GrpcStatus.Unknown,
                Response = await dialer.DialAsync(address.IdnHost, address.Port, onLoop: false, deadline.Token),
            };
        }
        catch (SocketException e)
        {
            return Failed(ProxyError.ConnectFailed, SocketErrors.Describe(e.SocketErrorCode), isConnectTimeout: false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed(ProxyError.ConnectFailed, "connect timeout", isConnectTimeout: true);
        }
        catch (OperationCanceledException)
        {
            return Failed(ProxyError.CallerGone, "cancelled", isConnectTimeout: false);
        }
    }

    /// <inheritdoc/>
    public override void Discard(in AttemptOutcome outcome) => (outcome.Response as UpstreamSocket)?.Dispose();

    private static AttemptOutcome Failed(ProxyError error, string reason, bool isConnectTimeout) => new()
    {
        Error = error,
        GrpcStatus = GrpcStatus.Unknown,
        Sent = SentState.Unsent,
        IsConnectTimeout = isConnectTimeout,
        Detail = $"Connect failed: {reason}.",
    };
}
