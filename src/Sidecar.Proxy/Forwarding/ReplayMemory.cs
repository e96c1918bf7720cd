namespace Sidecar.Proxy.Forwarding;

/// <summary>What all replay buffers together may hold (<c>limits.replayTotal</c>); beyond it bodies are sent once.</summary>
public sealed class ReplayMemory(long limitBytes)
{
    private long _limit = limitBytes;
    private long _used;

    /// <summary>Bytes held now.</summary>
    public long UsedBytes => Interlocked.Read(ref _used);

    /// <summary>A reload changed the limit; what is held stays.</summary>
    public void SetLimit(long bytes) => Interlocked.Exchange(ref _limit, bytes);

    /// <summary>Takes bytes, or nothing.</summary>
    public bool TryReserve(int bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= Interlocked.Read(ref _limit))
        {
            return true;
        }

        Release(bytes);
        return false;
    }

    /// <summary>Gives bytes back.</summary>
    public void Release(int bytes) => Interlocked.Add(ref _used, -bytes);
}
