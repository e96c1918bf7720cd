using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Overload;
using Sidecar.TestKit;

namespace Sidecar.Proxy.Tests.Overload;

public sealed class DrainedConnectionTests : IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    private readonly ManualTimeProvider _time = new();
    private readonly DrainState _drain = new();
    private readonly TaskCompletionSource _served = new();
    private readonly ListenerFeature _use = new(ListenerKind.Reverse);
    private readonly DefaultConnectionContext _connection = new();
    private readonly Lifetime _lifetime = new();

    public DrainedConnectionTests()
    {
        _connection.Features.Set(_use);
        _connection.Features.Set<IConnectionLifetimeNotificationFeature>(_lifetime);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Drain_Idle_IsClosedWhenItsCallerWasSilent(bool isHttp2)
    {
        if (isHttp2)
        {
            Http2PriorKnowledge.Announce(_connection);
        }

        await RunAsync(() =>
        {
            _drain.CloseConnections();
            _time.Advance(DrainedConnection.Silence - Step);
            Assert.Equal(0, _lifetime.Requested);

            _time.Advance(Step);
            Assert.Equal(1, _lifetime.Requested);
        });
    }

    [Fact]
    public async Task Drain_UsedMeanwhile_TheSilenceBeginsAnew()
    {
        await RunAsync(() =>
        {
            _drain.CloseConnections();
            _time.Advance(DrainedConnection.Silence - Step);
            _use.RequestBegins();
            _use.RequestEnded();

            _time.Advance(DrainedConnection.Silence - Step);
            Assert.Equal(0, _lifetime.Requested);
            _time.Advance(DrainedConnection.Silence);
            Assert.Equal(1, _lifetime.Requested);
        });
    }

    [Fact]
    public async Task Drain_AnswerUnderWaySinceBefore_IsNotCutShort()
    {
        _use.RequestBegins();
        await RunAsync(() =>
        {
            _drain.CloseConnections();
            _time.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal(0, _lifetime.Requested);

            // Its headers may have gone out before anybody knew of the drain: the caller takes the connection for its own.
            _use.RequestEnded();
            _time.Advance(DrainedConnection.Silence - Step);
            Assert.Equal(0, _lifetime.Requested);
            _time.Advance(2 * DrainedConnection.Silence);
            Assert.Equal(1, _lifetime.Requested);
        });
    }

    [Fact]
    public async Task Drain_Http2InUse_IsToldAtOnce()
    {
        Http2PriorKnowledge.Announce(_connection);
        _use.RequestBegins();
        await RunAsync(() =>
        {
            _drain.CloseConnections();

            Assert.Equal(1, _lifetime.Requested);
        });
    }

    [Fact]
    public async Task Drain_IdleHttp2_IsToldWhenItsNextRequestBegins()
    {
        Http2PriorKnowledge.Announce(_connection);
        await RunAsync(() =>
        {
            _drain.CloseConnections();
            _time.Advance(DrainedConnection.Silence - Step);
            Assert.Equal(0, _lifetime.Requested);

            // Told before, its caller could be about to send on a connection that is being closed.
            _use.RequestBegins();
            Assert.Equal(1, _lifetime.Requested);

            _use.RequestEnded();
            _use.RequestBegins();
            _time.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal(1, _lifetime.Requested);
        });
    }

    [Fact]
    public async Task Drain_RequestThatBeganBeforeItWasWaitedFor_IsSeen()
    {
        Assert.False(_use.InUseAsync().IsCompleted);
        _use.RequestBegins();
        Assert.True(_use.InUseAsync().IsCompleted);
        _use.RequestEnded();

        var next = _use.InUseAsync();
        Assert.False(next.IsCompleted);
        _use.RequestBegins();
        await next;
    }

    [Fact]
    public async Task Drain_BeganBeforeTheConnection_IsTheSame()
    {
        _drain.CloseConnections();
        await RunAsync(() =>
        {
            Assert.Equal(0, _lifetime.Requested);
            _time.Advance(DrainedConnection.Silence);
            Assert.Equal(1, _lifetime.Requested);
        });
    }

    [Fact]
    public async Task ConnectionEnds_NobodyWatchesItAnyMore()
    {
        using var closed = new CancellationTokenSource();
        _connection.ConnectionClosed = closed.Token;
        _use.RequestBegins();
        await RunAsync(() =>
        {
            _drain.CloseConnections();
            closed.Cancel();
        });

        Assert.Equal(0, _time.ActiveTimers);
    }

    public void Dispose() => _drain.Dispose();

    // Without the runner's context everything runs on this thread, inside Advance: nothing here depends on real time.
    private async Task RunAsync(Action during)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        Task running;
        try
        {
            running = DrainedConnection.RunAsync(_ => _served.Task, _connection, _drain, _time);
            during();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }

        _served.SetResult();
        await running;
    }

    private sealed class Lifetime : IConnectionLifetimeNotificationFeature
    {
        public CancellationToken ConnectionClosedRequested { get; set; }

        public int Requested { get; private set; }

        public void RequestClose() => Requested++;
    }
}
