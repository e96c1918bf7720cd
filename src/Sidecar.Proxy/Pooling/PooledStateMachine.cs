using System.Threading.Tasks.Sources;

namespace Sidecar.Proxy.Pooling;

/// <summary>A method that waits: its result as seen by whoever awaits it, and how it goes on.</summary>
/// <typeparam name="TResult">What the method returns.</typeparam>
internal abstract class PooledStateMachine<TResult> : IValueTaskSource<TResult>, IValueTaskSource
{
    /// <summary>Kept per thread and method, some 20 kB each at most: as many as requests wait on a busy event loop of a sidecar.</summary>
    public const int MostKept = 64;

    private static readonly ContextCallback Continue = static machine => ((PooledStateMachine<TResult>)machine!).MoveNext();

    private readonly Action _resume;
    private ManualResetValueTaskSourceCore<TResult> _result;
    private ExecutionContext? _context;

    protected PooledStateMachine()
    {
        _resume = Resume;
    }

    /// <summary>To be awaited once.</summary>
    public ValueTask<TResult> Task => new(this, _result.Version);

    /// <summary>To be awaited once.</summary>
    public ValueTask TaskWithoutResult => new(this, _result.Version);

    /// <summary>The method begins to wait; what is returned lets it go on.</summary>
    public Action Suspend()
    {
        _context = ExecutionContext.Capture();
        return _resume;
    }

    /// <summary>The method has returned. Whoever awaits it goes on at once, and may have given this object back when this returns.</summary>
    public void SetResult(TResult result) => _result.SetResult(result);

    /// <summary>The method has thrown.</summary>
    public void SetException(Exception exception) => _result.SetException(exception);

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _result.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _result.OnCompleted(continuation, state, token, flags);

    /// <inheritdoc/>
    public TResult GetResult(short token)
    {
        // A second await of the same task fails here and gives nothing back a second time.
        if (_result.GetStatus(token) == ValueTaskSourceStatus.Pending)
        {
            throw new InvalidOperationException("The method has not returned yet.");
        }

        try
        {
            return _result.GetResult(token);
        }
        finally
        {
            _result.Reset();
            _context = null;
            Return();
        }
    }

    /// <inheritdoc/>
    void IValueTaskSource.GetResult(short token) => GetResult(token);

    /// <summary>Runs the method to its next wait or its end.</summary>
    protected abstract void MoveNext();

    /// <summary>Forgets the method's state and keeps this object for another call.</summary>
    protected abstract void Return();

    private void Resume()
    {
        // Mostly it goes on in the very context in which it began to wait.
        if (_context is { } context && !ReferenceEquals(context, ExecutionContext.Capture()))
        {
            ExecutionContext.Run(context, Continue, this);
        }
        else
        {
            MoveNext();
        }
    }
}
