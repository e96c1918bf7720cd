using Sidecar.Proxy.Pooling;

namespace Sidecar.Proxy.Upstream;

/// <summary>
/// The connect timeout of one call. It is a clock of the call, not of the dial: the client decouples the two, and on
/// HTTP/2 lets calls wait for another call's dial, one after the other.
/// </summary>
internal sealed class ConnectDeadline : IDisposable
{
    [ThreadStatic]
    private static LocalStack<ConnectDeadline>? t_idle;

    private readonly CancellationTokenSource _source = new();
    private CancellationTokenRegistration _registration;
    private CallTrace? _trace;
    private ITimer? _timer;

    private ConnectDeadline()
    {
    }

    /// <summary>Cancelled by the deadline or the caller.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>A deadline whose clock does not run yet.</summary>
    public static ConnectDeadline Rent(CallTrace trace, CancellationToken cancellationToken)
    {
        // Most calls find an idle connection and give their deadline back unused.
        var deadline = t_idle?.TryTake() ?? new ConnectDeadline();
        deadline._trace = trace;
        deadline._registration = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), deadline._source);
        return deadline;
    }

    /// <summary>The clock runs. It ceases to matter when a connection is found.</summary>
    public void Start(TimeSpan timeout, TimeProvider time) =>
        _timer = time.CreateTimer(static state => ((ConnectDeadline)state!).OnElapsed(), this, timeout, Timeout.InfiniteTimeSpan);

    /// <summary>Gives it back: the call has its result, and the client holds the token no longer.</summary>
    public void Dispose()
    {
        _registration.Dispose();
        if (_timer is not null)
        {
            // Its callback may be running: not for another call.
            _timer.Dispose();
        }
        else if (_source.TryReset())
        {
            _trace = null;
            (t_idle ??= new LocalStack<ConnectDeadline>()).TryGiveBack(this);
        }
    }

    private void OnElapsed()
    {
        if (_trace!.TryTimeOut())
        {
            _source.Cancel();
        }
    }
}
