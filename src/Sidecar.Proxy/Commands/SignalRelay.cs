using Sidecar.Proxy.Startup;

namespace Sidecar.Proxy.Commands;

/// <summary>
/// Hands signals to a proxy: those that come before it has started are kept, and a second request to end means now.
/// </summary>
public sealed class SignalRelay : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _startCancellation = new();
    private readonly TaskCompletionSource _isImpatient = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action<ProxySignal>? _receiver;
    private ProxySignal? _kept;
    private bool _isEnding;

    /// <summary>Cancelled by a request to end that comes before the proxy has started.</summary>
    public CancellationToken StartCancelled => _startCancellation.Token;

    /// <summary>Completes at the second request to end.</summary>
    public Task Impatient => _isImpatient.Task;

    /// <summary>A signal arrived. Any thread.</summary>
    public void Receive(ProxySignal signal)
    {
        Action<ProxySignal>? receiver;
        lock (_gate)
        {
            var isEnd = signal != ProxySignal.Reload;
            if (isEnd && _isEnding)
            {
                _isImpatient.TrySetResult();
                return;
            }

            _isEnding |= isEnd;
            receiver = _receiver;
            if (receiver is null)
            {
                _kept = isEnd || _kept is null ? signal : _kept;
            }
        }

        if (receiver is not null)
        {
            receiver(signal);
        }
        else if (signal != ProxySignal.Reload)
        {
            _startCancellation.Cancel();
        }
    }

    /// <summary>The proxy has started: hands over what was kept, and everything from now on.</summary>
    public void Connect(Action<ProxySignal> receiver)
    {
        ProxySignal? kept;
        lock (_gate)
        {
            _receiver = receiver;
            kept = _kept;
            _kept = null;
        }

        if (kept is { } signal)
        {
            receiver(signal);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _startCancellation.Dispose();
}
