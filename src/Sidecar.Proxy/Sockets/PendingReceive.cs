using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Sidecar.Proxy.Sockets;

/// <summary>
/// Whether a socket may have something to receive, and the one receive that waits for it. Events come on the loop's thread, receives on
/// any, and closing on any other.
/// </summary>
/// <param name="socket">Which does not block.</param>
internal sealed class PendingReceive(SafeSocketHandle socket) : IValueTaskSource<SocketResult>, IValueTaskSource<int>
{
    // Quiet: nothing is there unless an event says so. Ready: there may be. Waiting: somebody does. Closed: for ever.
    private const int Quiet = 0, Ready = 1, Waiting = 2, Closed = 3;

    private ManualResetValueTaskSourceCore<SocketResult> _result;
    private Memory<byte> _buffer;
    private int _state;
    private volatile bool _hasEnded;
    private volatile bool _isCancelled;

    /// <summary>Receives, waiting for it if need be. An empty buffer waits for something to be there, or an end, and takes nothing.</summary>
    public ValueTask<SocketResult> ReceiveAsync(Memory<byte> buffer) =>
        TryOrWait(buffer, out var result) ? new ValueTask<SocketResult>(result) : new ValueTask<SocketResult>(this, _result.Version);

    /// <summary>The same for a stream: the count, or an exception.</summary>
    public ValueTask<int> ReadAsync(Memory<byte> buffer) =>
        !TryOrWait(buffer, out var result) ? new ValueTask<int>(this, _result.Version)
        : result.IsSuccess ? new ValueTask<int>(result.Count)
        : ValueTask.FromException<int>(LoopStream.ReadFailure(result.Error));

    /// <summary>Receives if there is something.</summary>
    public SocketResult Try(Span<byte> buffer)
    {
        switch (Volatile.Read(ref _state))
        {
            case Quiet:
                return new SocketResult(0, SocketError.WouldBlock);
            case Closed:
                return SocketResult.Closed;
        }

        if (buffer.IsEmpty)
        {
            return default;
        }

        // Before the call: an event that comes during it must not be overlooked.
        Interlocked.CompareExchange(ref _state, Quiet, Ready);
        var result = SocketCalls.Receive(socket, buffer);
        EventLoop.Current?.OnReceived();

        // Less than there was room for is all there was (epoll(7)), unless an end came with it, which is told only once.
        if (_hasEnded ? result.Error != SocketError.WouldBlock : result.IsSuccess && result.Count == buffer.Length)
        {
            Interlocked.CompareExchange(ref _state, Ready, Quiet);
        }

        return result;
    }

    /// <summary>There is something. Runs whoever waits.</summary>
    public void OnReadable(bool hasEnded)
    {
        _hasEnded |= hasEnded;
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if (state == Closed || Interlocked.CompareExchange(ref _state, Ready, state) == state)
            {
                if (state == Waiting)
                {
                    Continue();
                }

                return;
            }
        }
    }

    /// <summary>Whoever waits is told that it is over.</summary>
    public void OnClosed()
    {
        if (Interlocked.Exchange(ref _state, Closed) == Waiting)
        {
            End(SocketResult.Closed);
        }
    }

    /// <summary>Whoever waits is told <see cref="SocketError.Interrupted"/>; to be called between the beginning and the end of a receive.</summary>
    public void Cancel()
    {
        _isCancelled = true;
        if (Interlocked.CompareExchange(ref _state, Quiet, Waiting) == Waiting)
        {
            End(new SocketResult(0, SocketError.Interrupted));
        }
    }

    /// <inheritdoc/>
    public SocketResult GetResult(short token) => _result.GetResult(token);

    /// <inheritdoc/>
    int IValueTaskSource<int>.GetResult(short token)
    {
        var result = _result.GetResult(token);
        return result.IsSuccess ? result.Count : throw LoopStream.ReadFailure(result.Error);
    }

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _result.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _result.OnCompleted(continuation, state, token, flags);

    private bool TryOrWait(Memory<byte> buffer, out SocketResult result)
    {
        while (true)
        {
            result = Try(buffer.Span);
            if (result.Error != SocketError.WouldBlock)
            {
                return true;
            }

            _buffer = buffer;
            _isCancelled = false;
            _result.Reset();
            _result.RunContinuationsAsynchronously = false;
            if (Interlocked.CompareExchange(ref _state, Waiting, Quiet) == Quiet)
            {
                return false;
            }
        }
    }

    private void Continue()
    {
        while (true)
        {
            var result = Try(_buffer.Span);
            if (result.Error != SocketError.WouldBlock)
            {
                _buffer = default;
                _result.SetResult(result);
                return;
            }

            if (Interlocked.CompareExchange(ref _state, Waiting, Quiet) == Quiet)
            {
                if (_isCancelled)
                {
                    // In between nobody seemed to wait.
                    Cancel();
                }

                return;
            }
        }
    }

    // Not within whatever ends it: that may hold locks.
    private void End(SocketResult result)
    {
        _result.RunContinuationsAsynchronously = true;
        _result.SetResult(result);
    }
}
