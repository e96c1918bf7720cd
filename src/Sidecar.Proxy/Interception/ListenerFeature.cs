using System.Net;
using Microsoft.AspNetCore.Http;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Interception;

/// <summary>The listeners of the process.</summary>
public enum ListenerKind
{
    /// <summary>Explicit reverse proxy.</summary>
    Reverse,

    /// <summary>Controls.</summary>
    Admin,

    /// <summary>Metrics and probes.</summary>
    Metrics,

    /// <summary>Intercepted traffic that leaves the application.</summary>
    Outbound,

    /// <summary>Intercepted traffic that reaches the application.</summary>
    Inbound,
}

/// <summary>Which listener a connection came in by. Set on the connection; the account of each of its requests has it too, where it is found faster.</summary>
/// <param name="kind">The listener.</param>
/// <param name="original">Where an intercepted connection was dialled to; null on other listeners and on direct dials.</param>
/// <param name="refusal">Why an intercepted connection must not be carried (<c>LD</c>); null when it may.</param>
public sealed class ListenerFeature(ListenerKind kind, IPEndPoint? original = null, string? refusal = null) : ICallerConnection
{
    private string? _peerAddress;
    private int _begun;
    private int _ended;
    private TaskCompletionSource? _next;

    /// <summary>Of the connection that a request came in by; null where no listener of ours took it.</summary>
    public static ListenerFeature? Of(RequestRecord record) => record.Caller as ListenerFeature;

    /// <summary>The listener.</summary>
    public ListenerKind Kind { get; } = kind;

    /// <summary>Where an intercepted connection was dialled to; null on other listeners and on direct dials.</summary>
    public IPEndPoint? Original { get; } = original;

    /// <summary>Why an intercepted connection must not be carried (<c>LD</c>); null when it may.</summary>
    public string? Refusal { get; } = refusal;

    /// <summary>Requests of this connection that have ended.</summary>
    public int Ended => Volatile.Read(ref _ended);

    /// <summary>A request of this connection is being served; HTTP/2 has several at once.</summary>
    public bool IsInUse
    {
        get
        {
            // In this order: a request that comes and goes between the two looks is taken for one that is still there.
            var ended = Ended;
            return Volatile.Read(ref _begun) != ended;
        }
    }

    /// <summary>The caller's half of an intercepted HTTP/1 connection; null on every other.</summary>
    internal CallerHalf? Caller { get; set; }

    /// <inheritdoc/>
    public Direction Direction => Kind switch
    {
        ListenerKind.Outbound => Direction.Outbound,
        ListenerKind.Inbound => Direction.Inbound,
        _ => Direction.Reverse,
    };

    /// <summary>
    /// Completes when a request of this connection is being served: at once, or in the moment in which the next begins. One may
    /// wait, and goes on within that request's beginning: what it does must be short and must not throw.
    /// </summary>
    public Task InUseAsync()
    {
        var next = new TaskCompletionSource();
        Interlocked.Exchange(ref _next, next);
        return IsInUse ? Task.CompletedTask : next.Task;
    }

    /// <inheritdoc/>
    public void RequestBegins()
    {
        Interlocked.Increment(ref _begun);
        _next?.TrySetResult();
    }

    /// <inheritdoc/>
    public void RequestEnded() => Interlocked.Increment(ref _ended);

    /// <summary>The peer's address as it goes into <c>X-Forwarded-For</c>; formatted once per connection.</summary>
    public string? PeerAddress(ConnectionInfo connection) => _peerAddress ??= Format(connection.RemoteIpAddress);

    private static string? Format(IPAddress? address) => (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString();
}
