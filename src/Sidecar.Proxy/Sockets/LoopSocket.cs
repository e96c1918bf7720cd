using System.Buffers;
using System.Net.Sockets;

namespace Sidecar.Proxy.Sockets;

/// <summary>A stream socket of an <see cref="EventLoop"/>. One may receive, another send, and anybody close it, at the same time.</summary>
internal sealed class LoopSocket
{
    private readonly EventLoop _loop;
    private readonly PendingReceive _receive;
    private readonly PendingSend _send;
    private int _isLeft;

    /// <summary>Takes over a socket that is connected or connecting, and that the platform's engine does not know.</summary>
    /// <param name="socket">Shall not be used otherwise while it is here.</param>
    /// <param name="isConnecting">See <see cref="ConnectedAsync"/>.</param>
    /// <param name="loop">Which loop; null is the next of the process.</param>
    public LoopSocket(Socket socket, bool isConnecting = false, EventLoop? loop = null)
    {
        _loop = loop ?? EventLoopGroup.Next();
        Socket = socket;
        socket.Blocking = false;
        Handle = socket.SafeHandle;
        _receive = new PendingReceive(Handle);
        _send = new PendingSend(this, isConnecting);
        _loop.Watch(this);
    }

    /// <summary>The socket itself.</summary>
    public Socket Socket { get; }

    /// <summary>What its events are known by; of the loop.</summary>
    internal ulong Key { get; set; }

    /// <summary>Its number, for system calls.</summary>
    public SafeSocketHandle Handle { get; }

    /// <summary>Receives, waiting for it if need be. An empty buffer waits for something to be there, or an end, and takes nothing.</summary>
    public ValueTask<SocketResult> ReceiveAsync(Memory<byte> buffer) => _receive.ReceiveAsync(buffer);

    /// <summary>The same for a stream.</summary>
    public ValueTask<int> ReadAsync(Memory<byte> buffer) => _receive.ReadAsync(buffer);

    /// <summary>Receives what is there; <see cref="SocketError.WouldBlock"/> when nothing is.</summary>
    public SocketResult TryReceive(Span<byte> buffer) => _receive.Try(buffer);

    /// <summary>Whoever waits to receive gets <see cref="SocketError.Interrupted"/>.</summary>
    public void CancelReceive() => _receive.Cancel();

    /// <summary>Sends everything; see <see cref="PendingSend"/>. Nothing at all waits until what is held back has left.</summary>
    public ValueTask<SocketError> SendAsync(in ReadOnlySequence<byte> bytes) => _send.SendAsync(bytes);

    /// <summary>Waits until the socket is connected; what the kernel says of it.</summary>
    public async ValueTask<SocketError> ConnectedAsync()
    {
        var error = await _send.ConnectedAsync();
        try
        {
            return error == SocketError.Success ? (SocketError)(int)Socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)! : error;
        }
        catch (ObjectDisposedException)
        {
            return SocketError.OperationAborted;
        }
    }

    /// <summary>Whoever waits for <see cref="ConnectedAsync"/> gets <see cref="SocketError.Interrupted"/>.</summary>
    public void CancelConnect() => _send.CancelConnect();

    /// <summary>Closes it; whoever waits is told <see cref="SocketError.OperationAborted"/>.</summary>
    /// <param name="isReset">The peer shall see a reset.</param>
    public void Close(bool isReset = false)
    {
        if (!Leave(isKept: false))
        {
            return;
        }

        if (isReset)
        {
            Socket.Close(timeout: 0);
        }
        else
        {
            Socket.Dispose();
        }
    }

    /// <summary>The loop has nothing to do with the socket any more; nobody waits for it.</summary>
    public void Release() => Leave(isKept: true);

    /// <summary>Of the loop.</summary>
    internal void OnEvents(uint events)
    {
        try
        {
            if ((events & (Epoll.Writable | Epoll.Ended)) != 0)
            {
                _send.OnWritable();
            }

            if ((events & (Epoll.Readable | Epoll.Ended)) != 0)
            {
                _receive.OnReadable((events & Epoll.Ended) != 0);
            }
        }
        catch (Exception)
        {
            // A defect of whoever waited, and it has been told. It shall cost its own connection, not the process.
            Close(isReset: true);
        }
    }

    /// <summary>A batch is over, or somebody is about to do something to the socket itself.</summary>
    public void SendHeldBack() => _send.SendHeldBack();

    private bool Leave(bool isKept)
    {
        if (Interlocked.Exchange(ref _isLeft, 1) != 0)
        {
            return false;
        }

        _loop.Forget(this, isKept);
        _send.OnClosed();
        _receive.OnClosed();
        return true;
    }
}
