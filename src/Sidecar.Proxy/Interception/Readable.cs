using System.Net.Sockets;

namespace Sidecar.Proxy.Interception;

/// <summary>
/// Waits for a socket to have bytes, or to end, without a buffer and without taking any. A receive of the socket's own would do,
/// but the socket keeps what it needed for it, some hundred bytes for as long as an idle connection lives.
/// </summary>
internal sealed class Readable : SocketAsyncEventArgs
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenRegistration _stop;

    private Readable()
        : base(true)
    {
    }

    /// <summary>Completes when the socket is readable; fails with what the kernel said, and when the socket is closed.</summary>
    /// <param name="socket">Is to be closed by whoever sees the cancellation.</param>
    /// <param name="stopping">The process ends.</param>
    public static Task WaitAsync(Socket socket, CancellationToken stopping)
    {
        var readable = new Readable();
        readable.SetBuffer(Array.Empty<byte>(), 0, 0);
        readable._stop = stopping.UnsafeRegister(static (state, token) => ((Readable)state!)._done.TrySetCanceled(token), readable);
        if (!socket.ReceiveAsync(readable))
        {
            readable.OnCompleted(readable);
        }

        return readable._done.Task;
    }

    /// <inheritdoc/>
    protected override void OnCompleted(SocketAsyncEventArgs e)
    {
        if (SocketError == SocketError.Success)
        {
            _done.TrySetResult();
        }
        else
        {
            _done.TrySetException(new SocketException((int)SocketError));
        }

        _stop.Dispose();
        Dispose();
    }
}
