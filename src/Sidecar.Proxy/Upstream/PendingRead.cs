using System.Threading.Tasks.Sources;

namespace Sidecar.Proxy.Upstream;

/// <summary>
/// A read of a connection that has to wait, and what is to be done when it ends. Used again by the next: an exchange waits
/// here twice, and every connection that is closed while it is idle ends here.
/// </summary>
internal sealed class PendingRead : IValueTaskSource<int>
{
    private readonly Func<ValueTask<int>, Memory<byte>, int> _end;
    private readonly Action _onEnd;
    private ManualResetValueTaskSourceCore<int> _result;
    private ValueTask<int> _reading;
    private Memory<byte> _buffer;

    /// <summary>For the reads of one connection.</summary>
    /// <param name="end">Takes the ended read and its buffer; returns or throws what the reader gets.</param>
    public PendingRead(Func<ValueTask<int>, Memory<byte>, int> end)
    {
        _end = end;
        _onEnd = OnEnd;
    }

    /// <summary>Somebody waits, or has not taken the result yet.</summary>
    public bool IsTaken { get; private set; }

    /// <summary>Waits for a read.</summary>
    public ValueTask<int> Start(ValueTask<int> reading, Memory<byte> buffer)
    {
        IsTaken = true;
        _result.Reset();
        (_reading, _buffer) = (reading, buffer);
        var task = new ValueTask<int>(this, _result.Version);
        reading.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_onEnd);
        return task;
    }

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _result.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _result.OnCompleted(continuation, state, token, flags);

    /// <inheritdoc/>
    public int GetResult(short token)
    {
        IsTaken = false;
        return _result.GetResult(token);
    }

    private void OnEnd()
    {
        int read;
        try
        {
            read = _end(_reading, _buffer);
        }
        catch (Exception e)
        {
            _result.SetException(e);
            return;
        }

        _result.SetResult(read);
    }
}
