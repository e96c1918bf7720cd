using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Sidecar.Proxy.Interception;

/// <summary>
/// Lets one cleartext port speak HTTP/1.x and HTTP/2 (h2c with prior knowledge). Kestrel decides by ALPN and cannot
/// tell the two apart on cleartext (dotnet/aspnetcore#56984): the bytes are looked at, left unread, and for the
/// HTTP/2 preface the connection is given the ALPN answer that Kestrel looks for. The price is that Kestrel takes the
/// connection for TLS, so requests carry any scheme (<c>AllowAlternateSchemes</c>) and our validator checks it.
/// </summary>
/// <param name="next">The HTTP layer.</param>
/// <param name="firstByteTimeout">A connection that stays silent this long is closed.</param>
/// <param name="prefaceTimeout">From the first byte to a decision.</param>
/// <param name="time">Clock.</param>
public sealed class ProtocolDetectionMiddleware(
    ConnectionDelegate next,
    TimeSpan firstByteTimeout,
    TimeSpan prefaceTimeout,
    TimeProvider time)
{
    /// <summary>Runs once per connection.</summary>
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        if (await DetectAsync(connection) is not { } protocol)
        {
            return;
        }

        if (protocol == DetectedProtocol.Http2)
        {
            Http2PriorKnowledge.Announce(connection);
        }

        await next(connection);
    }

    private async ValueTask<DetectedProtocol?> DetectAsync(ConnectionContext connection)
    {
        // Bytes are there already for almost every connection: no deadline is armed for them.
        if (connection.Transport.Input.TryRead(out var result)
            && Decide(connection, result) is var first and not DetectedProtocol.Undecided)
        {
            return first;
        }

        // Kestrel's own heartbeat (once a second) is the clock: no timer per connection.
        var deadline = new DetectionDeadline(connection, time, firstByteTimeout, prefaceTimeout);
        connection.Features.Get<IConnectionHeartbeatFeature>()?.OnHeartbeat(static state => ((DetectionDeadline)state).Check(), deadline);
        try
        {
            while (true)
            {
                result = await connection.Transport.Input.ReadAsync(connection.ConnectionClosed);
                if (Decide(connection, result) is var protocol and not DetectedProtocol.Undecided)
                {
                    return protocol;
                }

                if (result.IsCompleted || result.IsCanceled)
                {
                    // Closed in the middle of a preface: nothing was asked, nothing is answered.
                    return null;
                }

                deadline.FirstByteSeen();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ConnectionResetException or ConnectionAbortedException)
        {
            return null;
        }
        finally
        {
            deadline.Done();
        }
    }

    private static DetectedProtocol Decide(ConnectionContext connection, in System.IO.Pipelines.ReadResult result)
    {
        var buffer = result.Buffer;
        Span<byte> start = stackalloc byte[4];
        var length = (int)Math.Min(buffer.Length, start.Length);
        buffer.Slice(0, length).CopyTo(start);
        var protocol = length == 0 ? DetectedProtocol.Undecided : ProtocolDetector.Detect(start[..length]);

        // Nothing is consumed. What was decided upon is not "examined" either, so that the next reader gets it at once.
        connection.Transport.Input.AdvanceTo(buffer.Start, protocol == DetectedProtocol.Undecided ? buffer.End : buffer.Start);
        return protocol;
    }

    private sealed class DetectionDeadline(ConnectionContext connection, TimeProvider time, TimeSpan firstByteTimeout, TimeSpan prefaceTimeout)
    {
        private long _since = time.GetTimestamp();
        private TimeSpan _allowed = firstByteTimeout;
        private volatile bool _done;

        public void FirstByteSeen()
        {
            if (_allowed != prefaceTimeout)
            {
                _since = time.GetTimestamp();
                _allowed = prefaceTimeout;
            }
        }

        public void Done() => _done = true;

        public void Check()
        {
            if (!_done && time.GetElapsedTime(_since) > _allowed)
            {
                _done = true;
                connection.Abort(new ConnectionAbortedException("No request arrived in time."));
            }
        }
    }
}
