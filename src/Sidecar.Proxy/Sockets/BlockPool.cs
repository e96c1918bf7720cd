using System.Buffers;

namespace Sidecar.Proxy.Sockets;

/// <summary>
/// What connections receive into and send from: blocks of 4 KiB, kept for each thread, as many as a busy event loop has in use. An idle
/// connection has none.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>
{
    /// <summary>Bytes of a block; a page of memory.</summary>
    public const int BlockSize = 4096;

    [ThreadStatic]
    private static Pooling.LocalStack<Block>? t_blocks;

    private BlockPool()
    {
    }

    /// <summary>The one there is.</summary>
    public static BlockPool Instance { get; } = new();

    /// <inheritdoc/>
    public override int MaxBufferSize => BlockSize;

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockSize);
        var block = (t_blocks ??= new Pooling.LocalStack<Block>()).TryTake() ?? new Block();
        block.Take();
        return block;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }

    private sealed class Block : IMemoryOwner<byte>
    {
        private readonly byte[] _bytes = new byte[BlockSize];
        private int _isTaken;

        public Memory<byte> Memory => _bytes;

        public void Take() => _isTaken = 1;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isTaken, 0) == 1)
            {
                (t_blocks ??= new Pooling.LocalStack<Block>()).TryGiveBack(this);
            }
        }
    }
}
