using System.Collections.Concurrent;
using System.Diagnostics;

namespace Sidecar.LoadGen.Loop;

/// <summary>Is told when its socket is ready.</summary>
internal interface ISocketHandler
{
    /// <summary>The events of <see cref="Native"/> that are set.</summary>
    void Ready(uint events);
}

/// <summary>
/// <see cref="IReactor"/> over epoll. Sleeps until shortly before a time and spins the rest: long spinning would take
/// the CPU from a backend that shares it, no spinning would start every request late by the wake-up.
/// </summary>
public sealed class EpollReactor : IReactor, IDisposable
{
    private readonly int _poll = Native.OpenPoll();
    private readonly int _signal = Native.OpenEvent();
    private readonly PollEvents _events = new();
    private readonly List<ISocketHandler?> _handlers = [null];
    private readonly Stack<int> _freeKeys = new();
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly long _spin;
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private bool _isDisposed;

    /// <summary>To be made by the thread that will use it.</summary>
    /// <param name="spin">How long before a time it stops sleeping.</param>
    public EpollReactor(TimeSpan spin)
    {
        _spin = (long)spin.TotalNanoseconds;
        Native.WakeOnTime();
        Native.Watch(_poll, Native.Add, _signal, Native.Readable, 0);
    }

    /// <summary>What a receive reads into; only one is under way at a time.</summary>
    internal byte[] Buffer { get; } = new byte[64 * 1024];

    /// <inheritdoc/>
    public long Now => Stopwatch.Frequency == 1_000_000_000
        ? Stopwatch.GetTimestamp()
        : (long)((Int128)Stopwatch.GetTimestamp() * 1_000_000_000 / Stopwatch.Frequency);

    /// <inheritdoc/>
    public void Wait(long until)
    {
        var sleep = _posted.IsEmpty ? until - Now - _spin : 0;
        do
        {
            if (Turn(sleep))
            {
                return;
            }

            sleep = 0;
        }
        while (Now < until && until - Now <= _spin);
    }

    /// <inheritdoc/>
    public void Post(Action action)
    {
        _posted.Enqueue(action);
        if (Environment.CurrentManagedThreadId != _thread)
        {
            Native.Signal(_signal);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        Native.Close(_signal);
        Native.Close(_poll);
    }

    /// <summary>Watches a socket; returns the key for the other calls.</summary>
    internal int Add(int fd, uint events, ISocketHandler handler)
    {
        if (!_freeKeys.TryPop(out var key))
        {
            key = _handlers.Count;
            _handlers.Add(null);
        }

        _handlers[key] = handler;
        Native.Watch(_poll, Native.Add, fd, events, key);
        return key;
    }

    internal void Change(int fd, uint events, int key) => Native.Watch(_poll, Native.Modify, fd, events, key);

    /// <summary>Before the socket is closed.</summary>
    internal void Remove(int fd, int key)
    {
        if (_isDisposed)
        {
            return; // its number may be another's by now
        }

        Native.Watch(_poll, Native.Delete, fd, 0, key);
        _handlers[key] = null;
        // Not before the events at hand have been handled: one of them may carry this key.
        _posted.Enqueue(() => _freeKeys.Push(key));
    }

    private bool Turn(long sleep)
    {
        var ready = Native.Poll(_poll, _events, sleep);
        for (var i = 0; i < ready; i++)
        {
            var key = _events.Key(i);
            if (key == 0)
            {
                Native.ClearSignal(_signal);
            }
            else
            {
                _handlers[key]?.Ready(_events.Events(i));
            }
        }

        // Only those that wait now: an action may post another.
        var count = _posted.Count;
        for (var i = 0; i < count && _posted.TryDequeue(out var action); i++)
        {
            action();
        }

        return ready > 0 || count > 0;
    }
}
