using System.Net;
using System.Net.Http;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Tests.Upstream;

/// <summary>The stream alone, with the orders of reads and writes that a socket gives only by luck.</summary>
public class Http1ConnectionStreamTests
{
    private readonly ManualTime _time = new();
    private readonly IdleLimits _limits;
    private readonly ScriptedStream _inner = new();
    private readonly Http1ConnectionStream _stream;
    private readonly byte[] _buffer = new byte[16];

    public Http1ConnectionStreamTests()
    {
        _limits = new IdleLimits(_time);
        _stream = new Http1ConnectionStream(_inner, new IdleWatch(_limits, "a", 80, _time));
    }

    [Fact]
    public async Task ReadAsync_EndWithNoResponseByte_Throws()
    {
        var call = await BeginAsync();
        var reading = _stream.ReadAsync(_buffer);
        _inner.Complete(0);

        await Assert.ThrowsAsync<IOException>(async () => await reading);
        Assert.True(call is { IsConnectionBroken: true, IsHttp1Written: true, IsResponseStarted: false });
    }

    [Fact]
    public async Task ReadAsync_EndAfterResponseBytes_IsTheEnd()
    {
        var call = await BeginAsync();
        await ReadAsync(5);
        await WriteAsync(call);

        Assert.Equal(0, await ReadAsync(0));
        Assert.True(call is { IsConnectionBroken: false, IsResponseStarted: true });
    }

    [Fact]
    public async Task ReadAsync_ReadAheadEndsAfterTheNextRequestWasWritten_Throws()
    {
        await BeginAsync();
        await ReadAsync(5);
        var readAhead = _stream.ReadAsync(_buffer);
        var second = await BeginAsync();
        _inner.Complete(0);

        await Assert.ThrowsAsync<IOException>(async () => await readAhead);
        Assert.True(second is { IsConnectionReused: true, IsHttp1Written: true, IsResponseStarted: false });
    }

    [Fact]
    public async Task WriteAsync_ReadAheadEndedBefore_WritesNothingOfTheNextRequest()
    {
        await BeginAsync();
        await ReadAsync(5);
        Assert.Equal(0, await ReadAsync(0));
        var written = _inner.Written;
        var second = NewCall();

        await Assert.ThrowsAsync<IOException>(() => WriteAsync(second));

        Assert.Equal(written, _inner.Written);
        Assert.True(second is { IsConnectionReused: true, IsHttp1Written: false, IsConnectionBroken: true });
    }

    [Fact]
    public async Task WriteAsync_AfterTheEndWithinTheSameExchange_GoesThrough()
    {
        // An upgraded connection whose upstream half-closed.
        var call = await BeginAsync();
        await ReadAsync(5);
        Assert.Equal(0, await ReadAsync(0));

        await WriteAsync(call);
        await _stream.WriteAsync(new byte[1]);

        Assert.Equal(3, _inner.Written);
    }

    [Fact]
    public async Task ReadAsync_EmptyBuffer_MeansNothing()
    {
        var call = await BeginAsync();
        var reading = _stream.ReadAsync(Memory<byte>.Empty);
        _inner.Complete(0);

        Assert.Equal(0, await reading);
        Assert.False(call.IsConnectionBroken);
    }

    [Fact]
    public async Task Idle_ClosedByTheServer_IsLearned()
    {
        _limits.Observe("a", 80, TimeSpan.FromSeconds(5));
        (await ExchangeAsync()).Ended();
        var readAhead = _stream.ReadAsync(_buffer);
        _time.Advance(TimeSpan.FromSeconds(5));
        _inner.Complete(0);

        Assert.Equal(0, await readAhead);
        Assert.Equal(TimeSpan.FromSeconds(4.5), _limits.Find("a", 80));
    }

    [Fact]
    public async Task Idle_LongerThanTheServerAllows_EndsForTheClientBeforeItIsUsed()
    {
        Teach(TimeSpan.FromSeconds(5));
        (await ExchangeAsync()).Ended();
        _time.Advance(TimeSpan.FromSeconds(4.5));

        Assert.Equal(0, await _stream.ReadAsync(_buffer));
        Assert.False(_inner.IsReading);
    }

    [Fact]
    public async Task Idle_WithAReadPending_IsClosedBeforeTheServerWould()
    {
        Teach(TimeSpan.FromSeconds(5));
        (await ExchangeAsync()).Ended();
        var readAhead = _stream.ReadAsync(_buffer).AsTask();
        _time.Advance(TimeSpan.FromSeconds(4.4));
        Assert.False(_inner.IsDisposed);

        _time.Advance(TimeSpan.FromSeconds(0.2));

        Assert.True(_inner.IsDisposed);
        Assert.False(readAhead.IsCompleted);
    }

    [Fact]
    public async Task Idle_ClosedByUs_TheReadThatWaitsEndsWithoutAnException()
    {
        (await ExchangeAsync()).Ended();
        var readAhead = _stream.ReadAsync(_buffer);
        _stream.Dispose();

        _inner.Fail(new IOException("Aborted."));

        Assert.Equal(0, await readAhead);
    }

    [Fact]
    public async Task ReadAsync_ClosedByUsInTheMiddleOfTheExchange_IsNotAnEnd()
    {
        // Without a length the end of the stream would be the end of the body.
        var call = await ExchangeAsync();
        var reading = _stream.ReadAsync(_buffer);
        _stream.Dispose();

        _inner.Fail(new IOException("Aborted."));

        await Assert.ThrowsAsync<IOException>(async () => await reading);
        Assert.True(call.IsConnectionBroken);
    }

    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(2, 0, false)]
    public async Task OnHeader_CallThatMayOnlyBeOfOneProtocol_IsLeftForTheStreamOnHttp1Only(int major, int minor, bool isLeft)
    {
        // In a method of its own: what it sets for its flow ends with it, as in the transport.
        async Task<CallTrace> SerializeAsync()
        {
            var call = CallTrace.Begin(new UpstreamMessage { Version = new Version(major, minor), VersionPolicy = HttpVersionPolicy.RequestVersionExact });
            call.OnHeader("Host", new Version(major, minor));
            return await Task.FromResult(call);
        }

        var serialized = await SerializeAsync();

        Assert.Equal(isLeft ? serialized : null, CallTrace.TakeWriting());
        Assert.Null(CallTrace.TakeWriting());
    }

    [Fact]
    public async Task OnHeader_CallThatEndedBeforeItsHeadWasWritten_IsNotTakenForAnother()
    {
        // Its body failed in the moment in which it was first asked for.
        var failed = NewCall();
        failed.OnHeader("Host", HttpVersion.Version11);
        failed.Request = null;
        var call = await BeginAsync();

        failed = NewCall();
        failed.OnHeader("Host", HttpVersion.Version11);
        failed.Request = null;
        await _stream.WriteAsync(new byte[1]);

        Assert.Same(_stream, call.Connection);
        Assert.Null(failed.Connection);
    }

    [Fact]
    public async Task Ended_AfterTheNextCallHasBegun_ItsConnectionIsNotIdle()
    {
        Teach(TimeSpan.FromSeconds(5));
        var first = await ExchangeAsync();
        var second = await BeginAsync();
        first.Ended();
        var reading = _stream.ReadAsync(_buffer);
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.False(_inner.IsDisposed);
        _stream.Dispose();
        _inner.Fail(new IOException("Aborted."));
        await Assert.ThrowsAsync<IOException>(async () => await reading);
        Assert.True(second.IsConnectionBroken);
    }

    [Fact]
    public async Task Idle_UsedAgainInTime_IsNotClosedInTheMiddleOfTheExchange()
    {
        Teach(TimeSpan.FromSeconds(5));
        (await ExchangeAsync()).Ended();
        var readAhead = _stream.ReadAsync(_buffer).AsTask();
        _time.Advance(TimeSpan.FromSeconds(4));
        await BeginAsync();
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.False(_inner.IsDisposed);
        Assert.False(readAhead.IsCompleted);
    }

    [Fact]
    public async Task Silence_InTheMiddleOfAResponse_IsNotIdle()
    {
        Teach(TimeSpan.FromSeconds(5));
        await ExchangeAsync();
        _time.Advance(TimeSpan.FromMinutes(1));
        var reading = _stream.ReadAsync(_buffer);

        Assert.True(_inner.IsReading);
        _inner.Complete(3);
        Assert.Equal(3, await reading);
    }

    private void Teach(TimeSpan idle)
    {
        _limits.Observe("a", 80, idle);
        _limits.Observe("a", 80, idle);
    }

    private async Task<CallTrace> ExchangeAsync()
    {
        var call = await BeginAsync();
        await ReadAsync(5);
        return call;
    }

    private async Task<CallTrace> BeginAsync()
    {
        var call = NewCall();
        await WriteAsync(call);
        return call;
    }

    private static CallTrace NewCall() =>
        CallTrace.Begin(new UpstreamMessage { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact });

    private async Task WriteAsync(CallTrace call)
    {
        if (!call.IsConnected)
        {
            call.OnHeader("Host", HttpVersion.Version11);
        }

        await _stream.WriteAsync(new byte[1]);
    }

    private async Task<int> ReadAsync(int count)
    {
        var reading = _stream.ReadAsync(_buffer);
        _inner.Complete(count);
        return await reading;
    }

    private sealed class ScriptedStream : Stream
    {
        private TaskCompletionSource<int>? _reading;

        public int Written { get; private set; }

        public bool IsReading => _reading is { Task.IsCompleted: false };

        public bool IsDisposed { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public void Complete(int read) => _reading!.SetResult(read);

        public void Fail(Exception exception) => _reading!.SetException(exception);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new((_reading = new TaskCompletionSource<int>()).Task);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Written += buffer.Length;
            return ValueTask.CompletedTask;
        }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }

        public override void Flush() => throw new NotSupportedException();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
