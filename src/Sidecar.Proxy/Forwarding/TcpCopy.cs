using System.Buffers;
using System.Net.Sockets;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Interception;

namespace Sidecar.Proxy.Forwarding;

/// <summary>How a copied connection ended.</summary>
/// <param name="Sent">Bytes from client to upstream.</param>
/// <param name="Received">Bytes from upstream to client.</param>
/// <param name="Error">None when both sides ended well; else who reset: <see cref="ProxyError.CallerGone"/> or <see cref="ProxyError.UpstreamClosed"/>.</param>
public readonly record struct TcpCopyEnd(long Sent, long Received, ProxyError Error);

/// <summary>
/// Copies bytes between two connections, both ways at once, as if there were one: back-pressure by waiting for each write,
/// a half-close passed on as a half-close, a reset as a reset. An idle direction waits without a buffer.
/// </summary>
public static class TcpCopy
{
    // As much as a loopback receive gives at once in practice; larger ones cost memory on every busy connection.
    private const int BufferBytes = 32 * 1024;

    /// <summary>Returns when both directions have ended; both sockets are closed then. Never throws.</summary>
    /// <param name="client">Who dialled.</param>
    /// <param name="upstream">Whom we dialled.</param>
    /// <param name="time">Clock of <see cref="BlockedWriteWatch"/>.</param>
    /// <param name="stopping">Ends it with resets.</param>
    public static async Task<TcpCopyEnd> RunAsync(Socket client, Socket upstream, TimeProvider time, CancellationToken stopping)
    {
        using var pair = new Pair(client, upstream, time);
        await using var stop = stopping.UnsafeRegister(static state => ((Pair)state!).Reset(ProxyError.None), pair);
        var sending = PumpAsync(pair, client, upstream, ProxyError.CallerGone, ProxyError.UpstreamClosed);
        var receiving = PumpAsync(pair, upstream, client, ProxyError.UpstreamClosed, ProxyError.CallerGone);
        var end = new TcpCopyEnd(await sending, await receiving, pair.Error);
        client.Dispose();
        upstream.Dispose();
        return end;
    }

    private static async Task<long> PumpAsync(Pair pair, Socket from, Socket to, ProxyError sourceReset, ProxyError targetReset)
    {
        long total = 0;
        byte[]? buffer = null;
        var isReading = true;
        try
        {
            while (true)
            {
                // Waits for bytes without a buffer; thousands of idle connections hold none.
                isReading = true;
                await from.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None);
                buffer ??= ArrayPool<byte>.Shared.Rent(BufferBytes);
                int length;
                do
                {
                    isReading = true;
                    length = await from.ReceiveAsync(buffer, SocketFlags.None);
                    if (length == 0)
                    {
                        // The other direction may go on for as long as it likes.
                        isReading = false;
                        to.Shutdown(SocketShutdown.Send);
                        return total;
                    }

                    isReading = false;
                    for (var sent = 0; sent < length;)
                    {
                        var sending = to.SendAsync(buffer.AsMemory(sent, length - sent), SocketFlags.None);
                        sent += sending.IsCompletedSuccessfully ? sending.Result : await pair.Watch.AwaitAsync(sending);
                    }

                    total += length;
                }
                while (length == buffer.Length);

                ArrayPool<byte>.Shared.Return(buffer);
                buffer = null;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            pair.Reset(isReading ? sourceReset : targetReset);
            return total;
        }
        finally
        {
            if (buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private sealed class Pair(Socket client, Socket upstream, TimeProvider time) : IDisposable
    {
        private BlockedWriteWatch? _watch;
        private int _isReset;

        /// <summary>Made when a write waits for the first time: most connections never do.</summary>
        public BlockedWriteWatch Watch => LazyInitializer.EnsureInitialized(
            ref _watch,
            () => new BlockedWriteWatch(client, upstream, side => Reset(side == client ? ProxyError.CallerGone : ProxyError.UpstreamClosed), time));

        public ProxyError Error { get; private set; }

        /// <summary>What one side does to us, the other side must see; the first to tell names the cause.</summary>
        public void Reset(ProxyError cause)
        {
            if (Interlocked.Exchange(ref _isReset, 1) == 0)
            {
                Error = cause;
                SocketReset.Close(client);
                SocketReset.Close(upstream);
            }
        }

        public void Dispose() => _watch?.Dispose();
    }
}
