using System.Buffers;
using Sidecar.Proxy.Policies;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// The caller's body: read once, counted, and kept up to a cap so that it can be sent again. Knows the three things the
/// policies ask: was anything read, was all of it read, is all of it still here.
/// </summary>
public sealed class RequestBody : IDisposable
{
    private const int FirstBufferBytes = 4 * 1024;

    private readonly Stream _caller;
    private readonly IdleClock? _clock;
    private readonly ReplayMemory _memory;
    private readonly int _replayBytes;
    private readonly TaskCompletionSource _received = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _sending = Task.CompletedTask;
    private byte[]? _kept;
    private int _keptLength;
    private bool _isKeeping;
    private bool _wasRead;

    /// <summary>Wraps the caller's stream.</summary>
    /// <param name="caller">Where the bytes come from.</param>
    /// <param name="declaredLength"><c>Content-Length</c>, when there is one: a body declared larger than the cap is not kept at all.</param>
    /// <param name="replayBytes">Cap of what is kept; 0 keeps nothing.</param>
    /// <param name="memory">The cap of all bodies together.</param>
    /// <param name="clock">Told about every byte.</param>
    public RequestBody(Stream caller, long? declaredLength, int replayBytes, ReplayMemory memory, IdleClock? clock)
    {
        _caller = caller;
        _replayBytes = replayBytes;
        DeclaredLength = declaredLength;
        _memory = memory;
        _clock = clock;
        _isKeeping = replayBytes > 0 && !(declaredLength > replayBytes);
    }

    /// <summary>Bytes received.</summary>
    public long Bytes { get; private set; }

    /// <summary><c>Content-Length</c>, when there is one.</summary>
    public long? DeclaredLength { get; }

    /// <summary>Completes at the end of the body.</summary>
    public Task Received => _received.Task;

    /// <summary>The caller's body itself failed: malformed, too large, or the caller went away.</summary>
    public Exception? CallerError { get; private set; }

    /// <summary>What a repetition may do.</summary>
    public BodyReplay Replay => !_wasRead ? BodyReplay.Untouched : _isKeeping && Received.IsCompleted ? BodyReplay.Buffered : BodyReplay.Gone;

    /// <summary>What was kept; whole when <see cref="Replay"/> is <see cref="BodyReplay.Buffered"/>.</summary>
    public ReadOnlyMemory<byte> Kept => _kept.AsMemory(0, _keptLength);

    /// <summary>Reads on.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        _wasRead = true;
        int read;
        try
        {
            read = await _caller.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            CallerError = e;
            throw;
        }

        _clock?.Touch();
        if (read == 0)
        {
            _received.TrySetResult();
            return 0;
        }

        Bytes += read;
        if (_isKeeping)
        {
            Keep(buffer.Span[..read]);
        }

        // Complete with its last byte, not with the read after it: an attempt may fail between the two.
        if (Bytes == DeclaredLength)
        {
            _received.TrySetResult();
        }

        return read;
    }

    /// <summary>An attempt sends the body; remembered so that nothing reads on when the request has ended.</summary>
    public Task Track(Task sending)
    {
        _sending = _sending.IsCompleted ? sending : Task.WhenAll(_sending, sending);
        return sending;
    }

    /// <summary>Completes when every attempt has stopped reading and sending; never fails.</summary>
    public Task SendingEndedAsync() => _sending.IsCompleted ? Task.CompletedTask : AwaitSendingAsync();

    /// <summary>Gives the memory back. Sending must have ended.</summary>
    public void Dispose() => Drop();

    private async Task AwaitSendingAsync() => await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_keptLength + bytes.Length > _replayBytes || !TryGrow(_keptLength + bytes.Length))
        {
            Drop();
            return;
        }

        bytes.CopyTo(_kept.AsSpan(_keptLength));
        _keptLength += bytes.Length;
    }

    private bool TryGrow(int needed)
    {
        var held = _kept?.Length ?? 0;
        if (needed <= held)
        {
            return true;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(FirstBufferBytes, held * 2)));
        if (!_memory.TryReserve(larger.Length - held))
        {
            ArrayPool<byte>.Shared.Return(larger);
            return false;
        }

        _kept.AsSpan(0, _keptLength).CopyTo(larger);
        if (_kept is not null)
        {
            ArrayPool<byte>.Shared.Return(_kept);
        }

        _kept = larger;
        return true;
    }

    private void Drop()
    {
        _isKeeping = false;
        if (_kept is null)
        {
            return;
        }

        _memory.Release(_kept.Length);
        ArrayPool<byte>.Shared.Return(_kept);
        _kept = null;
        _keptLength = 0;
    }
}
