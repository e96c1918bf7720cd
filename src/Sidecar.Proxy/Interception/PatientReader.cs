using System.IO.Pipelines;

namespace Sidecar.Proxy.Interception;

/// <summary>
/// Tells the end of the input when everything before it has been looked at, and not with it: the server above takes a request
/// whose last bytes come together with the end for one that was cut.
/// </summary>
/// <param name="transport">The connection.</param>
/// <remarks>
/// A read that has to wait is completed by the bytes that come next, within the receive loop and so before that loop can see an
/// end: only reads that find what they return need a look.
/// </remarks>
internal class PatientReader(IDuplexPipe transport) : PipeReader, IDuplexPipe
{
    private readonly PipeReader _inner = transport.Input;
    private SequencePosition _heldBack;
    private bool _isHoldingBack;
    private bool _isEndDue;

    /// <inheritdoc/>
    public PipeReader Input => this;

    /// <inheritdoc/>
    public PipeWriter Output { get; } = transport.Output;

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        if (!_inner.TryRead(out result))
        {
            return false;
        }

        result = HoldBack(result);
        return true;
    }

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var reading = _inner.ReadAsync(cancellationToken);
        return reading.IsCompletedSuccessfully ? new ValueTask<ReadResult>(HoldBack(reading.Result)) : reading;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _isEndDue |= _isHoldingBack && examined.Equals(_heldBack);
        _inner.AdvanceTo(consumed, examined);
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => _inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => _inner.Complete(exception);

    private ReadResult HoldBack(in ReadResult result)
    {
        if (!result.IsCompleted || _isEndDue || result.Buffer.IsEmpty)
        {
            return result;
        }

        _isHoldingBack = true;
        _heldBack = result.Buffer.End;
        return new ReadResult(result.Buffer, result.IsCanceled, isCompleted: false);
    }
}
