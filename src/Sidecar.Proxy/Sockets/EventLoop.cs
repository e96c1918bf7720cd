using System.ComponentModel;
using System.Net.Sockets;

namespace Sidecar.Proxy.Sockets;

/// <summary>
/// One thread that waits for its sockets and runs whatever goes on when one is ready. What the platform's own engine cannot do and
/// this is for: it asks the kernel only for what an event said is there, and it knows where a batch of events ends, so that what they
/// all have to send leaves together and wakes a sleeping peer once (src/decisions/0016-own-event-loop.md).
/// </summary>
internal sealed class EventLoop
{
    // A batch is as long as what waits in it to be sent may have to wait.
    private const int Batch = 16;

    // More events than these at once say that work is queueing: then it counts how many requests a second are served, and before that
    // how soon each of them.
    private const int Relaxed = 4;

    [ThreadStatic]
    private static EventLoop? t_current;

    private readonly int _epoll = Epoll.Create();
    private readonly Lock _gate = new();
    private readonly List<LoopSocket> _unsent = [];

    // Written under the gate, read by the loop's thread without it. A key has the number of its slot below and its use above.
    private volatile LoopSocket?[] _slots = new LoopSocket?[64];
    private readonly Stack<int> _free = new();
    private int _used;
    private uint _uses;
    private int _left;
    private bool _isBehind;
    private int _received;

    /// <summary>Begins to wait.</summary>
    /// <exception cref="Win32Exception">Out of descriptors or memory.</exception>
    public EventLoop(int number)
    {
        new Thread(Run) { IsBackground = true, Name = $"event loop {number}" }.UnsafeStart();
    }

    /// <summary>The loop whose thread this is; null elsewhere.</summary>
    public static EventLoop? Current => t_current;

    /// <summary>Work is queueing, and the batch at hand has more of it: what is to be sent now may wait for the end of the batch.</summary>
    public bool HoldsBack => _isBehind && _left > 0;

    /// <summary>Events of the socket come here from now on.</summary>
    public void Watch(LoopSocket socket)
    {
        lock (_gate)
        {
            if (!_free.TryPop(out var slot))
            {
                slot = _used++;
                if (slot == _slots.Length)
                {
                    var more = new LoopSocket?[slot * 2];
                    _slots.CopyTo(more, 0);
                    _slots = more;
                }
            }

            socket.Key = ((ulong)++_uses << 32) | (uint)slot;
            Volatile.Write(ref _slots[slot], socket);
        }

        try
        {
            Epoll.Watch(_epoll, socket.Handle, socket.Key);
        }
        catch (Win32Exception)
        {
            // Memory, or the user's number of watches (epoll(7)).
            Forget(socket, isKept: false);
            throw new SocketException((int)SocketError.NoBufferSpaceAvailable);
        }
    }

    /// <summary>No more events; before the socket is closed, or with <paramref name="isKept"/> given to somebody else.</summary>
    public void Forget(LoopSocket socket, bool isKept)
    {
        if (isKept)
        {
            Epoll.Forget(_epoll, socket.Handle);
        }

        lock (_gate)
        {
            var slot = (int)(uint)socket.Key;
            _slots[slot] = null;
            _free.Push(slot);
        }
    }

    /// <summary>The socket has something to send at the end of the batch. Of the loop's own thread.</summary>
    public void AtEnd(LoopSocket socket) => _unsent.Add(socket);

    /// <summary>Somebody received, on the loop's own thread. What is held back does not wait for one who goes on doing so.</summary>
    public void OnReceived()
    {
        if (++_received > Batch && _unsent.Count > 0)
        {
            SendHeldBack();
        }
    }

    private void Run()
    {
        t_current = this;
        var events = Epoll.Events(Batch);
        while (true)
        {
            _left = Epoll.Wait(_epoll, events);
            _isBehind = _left > Relaxed;
            for (var i = 0; _left > 0; i++)
            {
                _left--;
                _received = 0;
                var (what, key) = Epoll.Event(events, i);
                Find(key)?.OnEvents(what);
            }

            SendHeldBack();
        }
    }

    // Sending runs nobody's code, so nothing is added meanwhile.
    private void SendHeldBack()
    {
        foreach (var socket in _unsent)
        {
            socket.SendHeldBack();
        }

        _unsent.Clear();
        _received = 0;
    }

    // An event may be of a socket that was closed since it was fetched, and its slot another's by now.
    private LoopSocket? Find(ulong key) => Volatile.Read(ref _slots[(int)(uint)key]) is { } socket && socket.Key == key ? socket : null;
}
