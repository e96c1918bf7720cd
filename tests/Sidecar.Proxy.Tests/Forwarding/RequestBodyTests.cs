using Sidecar.Proxy.Forwarding;
using Sidecar.Proxy.Policies;

namespace Sidecar.Proxy.Tests.Forwarding;

public class RequestBodyTests
{
    private readonly ReplayMemory _memory = new(1024 * 1024);

    [Fact]
    public void Replay_NothingRead_IsUntouched()
    {
        using var body = Body(new byte[10], replayBytes: 100);

        Assert.Equal(BodyReplay.Untouched, body.Replay);
        Assert.False(body.Received.IsCompleted);
    }

    [Fact]
    public async Task Replay_ReadToTheEndWithinTheCap_IsBufferedWhole()
    {
        var bytes = Enumerable.Range(0, 10_000).Select(number => (byte)number).ToArray();
        using var body = Body(bytes, replayBytes: 10_000);

        await ReadAllAsync(body);

        Assert.Equal(BodyReplay.Buffered, body.Replay);
        Assert.Equal(bytes, body.Kept.ToArray());
        Assert.Equal(10_000, body.Bytes);
        Assert.True(body.Received.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Replay_ReadInPart_IsGone()
    {
        using var body = Body(new byte[10_000], replayBytes: 100_000);

        await body.ReadAsync(new byte[16], default);

        Assert.Equal(BodyReplay.Gone, body.Replay);
    }

    [Fact]
    public async Task Replay_LastDeclaredByteReadButNotYetTheEnd_IsBufferedWhole()
    {
        using var body = Body([1, 2, 3, 4], replayBytes: 100);

        await body.ReadAsync(new byte[16], default);

        Assert.Equal(BodyReplay.Buffered, body.Replay);
        Assert.Equal([1, 2, 3, 4], body.Kept.ToArray());
    }

    [Theory]
    [InlineData(101, 100)]
    [InlineData(1, 0)]
    public async Task Replay_LargerThanTheCap_IsGoneAndHoldsNothing(int length, int cap)
    {
        using var body = Body(new byte[length], cap);

        await ReadAllAsync(body);

        Assert.Equal(BodyReplay.Gone, body.Replay);
        Assert.Equal(0, _memory.UsedBytes);
    }

    [Fact]
    public async Task Replay_DeclaredLargerThanTheCap_IsNeverKept()
    {
        using var body = new RequestBody(new MemoryStream(new byte[50]), declaredLength: 200, replayBytes: 100, _memory, clock: null);

        await body.ReadAsync(new byte[16], default);

        Assert.Equal(0, _memory.UsedBytes);
    }

    [Fact]
    public async Task Replay_SharedMemoryIsUsedUp_IsGoneAndTheBytesStillPass()
    {
        var small = new ReplayMemory(1024);
        using var body = new RequestBody(new MemoryStream(new byte[8192]), null, 64 * 1024, small, clock: null);

        await ReadAllAsync(body);

        Assert.Equal(BodyReplay.Gone, body.Replay);
        Assert.Equal(8192, body.Bytes);
        Assert.Equal(0, small.UsedBytes);
    }

    [Fact]
    public async Task Dispose_Always_GivesTheMemoryBack()
    {
        var body = Body(new byte[5000], replayBytes: 10_000);
        await ReadAllAsync(body);
        Assert.True(_memory.UsedBytes >= 5000);

        body.Dispose();

        Assert.Equal(0, _memory.UsedBytes);
    }

    [Fact]
    public async Task ReadAsync_TheCallersBodyBreaks_IsRemembered()
    {
        using var body = new RequestBody(new BrokenStream(), null, 100, _memory, clock: null);

        await Assert.ThrowsAsync<IOException>(async () => await body.ReadAsync(new byte[1], default));

        Assert.IsType<IOException>(body.CallerError);
        Assert.Equal(BodyReplay.Gone, body.Replay);
    }

    private RequestBody Body(byte[] bytes, int replayBytes) => new(new MemoryStream(bytes), bytes.Length, replayBytes, _memory, clock: null);

    private static async Task ReadAllAsync(RequestBody body)
    {
        var buffer = new byte[777];
        while (await body.ReadAsync(buffer, default) > 0)
        {
        }
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.FromException<int>(new IOException("broken"));
    }
}
