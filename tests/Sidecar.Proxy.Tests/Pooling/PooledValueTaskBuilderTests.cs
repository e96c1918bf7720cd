using System.Runtime.CompilerServices;
using Sidecar.Proxy.Pooling;

#pragma warning disable CA2012 // how these tasks behave is what is tested

namespace Sidecar.Proxy.Tests.Pooling;

public sealed class PooledValueTaskBuilderTests
{
    private static readonly AsyncLocal<string?> Flowing = new();

    [Fact]
    public async Task Method_ThatNeverWaits_ReturnsItsResult() => Assert.Equal(3, await AddAsync(Task.FromResult(1), 2));

    [Fact]
    public async Task Method_ThatWaits_ReturnsItsResult()
    {
        var first = new TaskCompletionSource<int>();
        var sum = AddAsync(first.Task, 2);

        Assert.False(sum.IsCompleted);
        first.SetResult(1);

        Assert.Equal(3, await sum);
    }

    [Fact]
    public async Task Method_ThatThrowsAtOnce_FailsItsTask()
    {
        var sum = AddAsync(Task.FromException<int>(new InvalidOperationException("no")), 2);

        Assert.True(sum.IsFaulted);
        Assert.Equal("no", (await Assert.ThrowsAsync<InvalidOperationException>(async () => await sum)).Message);
    }

    [Fact]
    public async Task Method_ThatThrowsAfterWaiting_FailsItsTask()
    {
        var first = new TaskCompletionSource<int>();
        var sum = AddAsync(first.Task, 2);
        first.SetException(new InvalidOperationException("no"));

        Assert.Equal("no", (await Assert.ThrowsAsync<InvalidOperationException>(async () => await sum)).Message);
    }

    [Fact]
    public async Task Method_WithoutResult_EndsAndFails()
    {
        var first = new TaskCompletionSource<int>();
        var waits = WaitAsync(first.Task);
        Assert.False(waits.IsCompleted);
        first.SetResult(1);
        await waits;

        await WaitAsync(Task.FromResult(1));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await WaitAsync(Task.FromException<int>(new InvalidOperationException())));
    }

    [Fact]
    public void Method_AwaitedASecondTime_Throws()
    {
        var first = new TaskCompletionSource<int>();
        var sum = AddAsync(first.Task, 2);
        first.SetResult(1);
        Assert.Equal(3, sum.GetAwaiter().GetResult());

        Assert.Throws<InvalidOperationException>(() => sum.GetAwaiter().GetResult());
    }

    [Fact]
    public async Task Method_ChangesAnAsyncLocal_CallerKeepsItsOwnAndTheMethodItsOwn()
    {
        Flowing.Value = "caller";
        var first = new TaskCompletionSource<int>();
        var inside = ChangeAsync(first.Task);

        Assert.Equal("caller", Flowing.Value);

        // Completed where another value flows.
        await Task.Run(() =>
        {
            Flowing.Value = "elsewhere";
            first.SetResult(1);
        });

        Assert.Equal("method", await inside);
        Assert.Equal("caller", Flowing.Value);
    }

    [Fact]
    public void Methods_ThatWaitAtOnce_AllocateNothingTheSecondTime()
    {
        // As many at once as requests wait on an event loop; the platform's own builder keeps one.
        var sources = new ManualSource[32];
        var tasks = new ValueTask<int>[sources.Length];
        for (var i = 0; i < sources.Length; i++)
        {
            sources[i] = new ManualSource();
        }

        long Round()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < sources.Length; i++)
            {
                tasks[i] = IncrementAsync(sources[i]);
            }

            for (var i = 0; i < sources.Length; i++)
            {
                sources[i].Complete(i);
                if (tasks[i].GetAwaiter().GetResult() != i + 1)
                {
                    throw new InvalidOperationException();
                }

                sources[i].Reset();
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        OwnThread.Run(() =>
        {
            Round();
            Round();

            // In a debug build the compiler's own state machine is an object; that is all there may be.
            Assert.InRange(Round(), 0, sources.Length * 80);
        });
    }

    [Fact]
    public async Task Methods_OnManyThreads_NeverMixTheirResults()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 5_000; i++)
            {
                var value = (worker * 10_000) + i;
                Assert.Equal(value + 2, await AddAsync(YieldAsync(value), 2));
            }
        })));
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskBuilder<>))]
    private static async ValueTask<int> AddAsync(Task<int> first, int second) => await first + second;

    [AsyncMethodBuilder(typeof(PooledValueTaskBuilder<>))]
    private static async ValueTask<int> IncrementAsync(ManualSource first) => await first.Task + 1;

    [AsyncMethodBuilder(typeof(PooledValueTaskBuilder))]
    private static async ValueTask WaitAsync(Task<int> first) => await first;

    [AsyncMethodBuilder(typeof(PooledValueTaskBuilder<>))]
    private static async ValueTask<string?> ChangeAsync(Task<int> first)
    {
        Flowing.Value = "method";
        await first;
        return Flowing.Value;
    }

    private static async Task<int> YieldAsync(int value)
    {
        await Task.Yield();
        return value;
    }

    private sealed class ManualSource : System.Threading.Tasks.Sources.IValueTaskSource<int>
    {
        private System.Threading.Tasks.Sources.ManualResetValueTaskSourceCore<int> _core;

        public ValueTask<int> Task => new(this, _core.Version);

        public void Complete(int value) => _core.SetResult(value);

        public void Reset() => _core.Reset();

        public int GetResult(short token) => _core.GetResult(token);

        public System.Threading.Tasks.Sources.ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, System.Threading.Tasks.Sources.ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);
    }
}
