using System.Net.Sockets;
using Sidecar.Proxy.Interception;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// While a copy waits until the other side takes more, it does not read, and would not hear that the side it reads from was
/// reset. So as long as a write waits, both sides are asked once a second. Nothing runs while none does.
/// </summary>
/// <param name="one">One side.</param>
/// <param name="other">The other side.</param>
/// <param name="onReset">Called with the side that was reset.</param>
/// <param name="time">Clock.</param>
internal sealed class BlockedWriteWatch(Socket one, Socket other, Action<Socket> onReset, TimeProvider time) : IDisposable
{
    /// <summary>How long a reset may go unseen.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private ITimer? _timer;
    private int _waiting;
    private bool _isArmed;
    private bool _isDisposed;

    /// <summary>Waits for a write that was not taken at once.</summary>
    public async ValueTask<int> AwaitAsync(ValueTask<int> writing)
    {
        Begin();
        try
        {
            return await writing;
        }
        finally
        {
            lock (_gate)
            {
                _waiting--;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _timer?.Dispose();
        }
    }

    private void Begin()
    {
        lock (_gate)
        {
            _waiting++;
            if (_isArmed || _isDisposed)
            {
                return;
            }

            // One timer for the life of the connection: on a fast transfer writes wait all the time, each for a moment.
            _isArmed = true;
            _timer ??= time.CreateTimer(static watch => ((BlockedWriteWatch)watch!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(Interval, Interval);
        }
    }

    private void Look()
    {
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            if (_waiting == 0)
            {
                _isArmed = false;
                _timer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                return;
            }
        }

        if (TcpState.IsReset(one))
        {
            onReset(one);
        }
        else if (TcpState.IsReset(other))
        {
            onReset(other);
        }
    }
}
