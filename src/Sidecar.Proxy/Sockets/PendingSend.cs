using System.Buffers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;
using Sidecar.Proxy.Pooling;

namespace Sidecar.Proxy.Sockets;

/// <summary>
/// What a socket has to send. While its loop is behind with its events, small messages are held back until the last one of the batch, so that
/// they leave one after the other: the first wakes the peer, and the others find it awake. A message that is held back counts as sent, as one
/// does that is in the kernel's buffer; should it fail, the next one is told, and whoever receives.
/// </summary>
/// <param name="owner">Whose.</param>
/// <param name="isConnecting">The kernel takes nothing before it is connected.</param>
internal sealed class PendingSend(LoopSocket owner, bool isConnecting) : IValueTaskSource<SocketError>
{
    // A head and a small body. Larger ones gain nothing by waiting.
    private const int MostHeldBack = 4096;

    // The kernel takes 1024 (UIO_MAXIOV); Kestrel has 16 at most, 64 KiB in blocks of four.
    private const int MostSegments = 64;

    [ThreadStatic]
    private static LocalStack<byte[]>? t_buffers;

    [ThreadStatic]
    private static List<ArraySegment<byte>>? t_segments;

    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<SocketError> _result;
    private byte[]? _held;
    private int _heldFrom, _heldTo;
    private bool _isListed;

    // Somebody waits for the rest to leave.
    private ReadOnlySequence<byte> _rest;
    private bool _isWaiting;

    // Something has not left, or may not have: set before the kernel is asked, so that the event which says that it takes more cannot come
    // unseen in between.
    private volatile bool _isBlocked = isConnecting;
    private SocketError _error;

    /// <summary>Sends everything, waiting for the kernel's buffer if need be. Nothing at all waits for what is held back.</summary>
    public ValueTask<SocketError> SendAsync(in ReadOnlySequence<byte> bytes)
    {
        lock (_gate)
        {
            if (_error == SocketError.Success && !_isBlocked && TryHoldBack(bytes))
            {
                return default;
            }

            _rest = bytes;
            if (SendAll())
            {
                return new ValueTask<SocketError>(_error);
            }

            return Wait();
        }
    }

    /// <summary>The batch is over.</summary>
    public void SendHeldBack()
    {
        lock (_gate)
        {
            _isListed = false;
            if (!_isBlocked)
            {
                SendAll();
            }
        }
    }

    /// <summary>The kernel takes more.</summary>
    public void OnWritable()
    {
        if (!_isBlocked)
        {
            return;
        }

        lock (_gate)
        {
            if (!SendAll() || !_isWaiting)
            {
                return;
            }

            _isWaiting = false;
        }

        _result.SetResult(_error);
    }

    /// <summary>Waits until the socket is connected, or is not going to be.</summary>
    public ValueTask<SocketError> ConnectedAsync()
    {
        lock (_gate)
        {
            if (!_isBlocked)
            {
                return new ValueTask<SocketError>(_error);
            }

            return Wait();
        }
    }

    /// <summary>Whoever waits to be connected is told <see cref="SocketError.Interrupted"/>.</summary>
    public void CancelConnect() => End(SocketError.Interrupted, isOver: false);

    /// <summary>Nothing more is sent, but for what is held back and the kernel takes at once.</summary>
    public void OnClosed() => End(SocketError.OperationAborted, isOver: true);

    /// <inheritdoc/>
    public SocketError GetResult(short token) => _result.GetResult(token);

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _result.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _result.OnCompleted(continuation, state, token, flags);

    private ValueTask<SocketError> Wait()
    {
        _isWaiting = true;
        _result.Reset();
        _result.RunContinuationsAsynchronously = false;
        return new ValueTask<SocketError>(this, _result.Version);
    }

    private void End(SocketError error, bool isOver)
    {
        lock (_gate)
        {
            if (isOver)
            {
                _rest = default;
                SendAll();
                _error = error;
                Release();
            }

            if (!_isWaiting)
            {
                return;
            }

            _isWaiting = false;
        }

        // Not within whatever ends it: that may hold locks.
        _result.RunContinuationsAsynchronously = true;
        _result.SetResult(error);
    }

    private bool TryHoldBack(in ReadOnlySequence<byte> bytes)
    {
        if (bytes.Length is 0 or > MostHeldBack || EventLoop.Current is not { HoldsBack: true } loop || MostHeldBack - _heldTo < bytes.Length)
        {
            return false;
        }

        _held ??= (t_buffers ??= new LocalStack<byte[]>()).TryTake() ?? new byte[MostHeldBack];
        bytes.CopyTo(_held.AsSpan(_heldTo));
        _heldTo += (int)bytes.Length;
        if (!_isListed)
        {
            _isListed = true;
            loop.AtEnd(owner);
        }

        return true;
    }

    // What is held back, then the rest. False when the kernel's buffer is full.
    private bool SendAll()
    {
        _isBlocked = true;
        while (_heldFrom < _heldTo && _error == SocketError.Success)
        {
            if (!TrySend(_held.AsSpan(_heldFrom.._heldTo), out var sent))
            {
                return false;
            }

            _heldFrom += sent;
        }

        Release();
        while (!_rest.IsEmpty && _error == SocketError.Success)
        {
            int sent;
            if (_rest.IsSingleSegment ? !TrySend(_rest.FirstSpan, out sent) : !TrySendSegments(out sent))
            {
                return false;
            }

            _rest = _rest.Slice(sent);
        }

        _rest = default;
        _isBlocked = false;
        return true;
    }

    // An error ends it: everything after it is dropped.
    private bool TrySend(ReadOnlySpan<byte> bytes, out int sent)
    {
        (sent, var error) = SocketCalls.Send(owner.Handle, bytes);
        return Took(error, ref sent);
    }

    private bool TrySendSegments(out int sent)
    {
        var segments = t_segments ??= new List<ArraySegment<byte>>(MostSegments);
        foreach (var memory in _rest)
        {
            if (segments.Count < MostSegments && !memory.IsEmpty && MemoryMarshal.TryGetArray(memory, out var segment))
            {
                segments.Add(segment);
            }
        }

        SocketError error;
        try
        {
            sent = owner.Socket.Send(segments, SocketFlags.None, out error);
        }
        catch (ObjectDisposedException)
        {
            (sent, error) = (0, SocketError.OperationAborted);
        }
        finally
        {
            segments.Clear();
        }

        return Took(error, ref sent);
    }

    private bool Took(SocketError error, ref int sent)
    {
        if (error == SocketError.WouldBlock)
        {
            return false;
        }

        if (error != SocketError.Success)
        {
            (_error, sent) = (error, 0);
        }

        return true;
    }

    private void Release()
    {
        if (_held is { } held)
        {
            (t_buffers ??= new LocalStack<byte[]>()).TryGiveBack(held);
            (_held, _heldFrom, _heldTo) = (null, 0, 0);
        }
    }
}
