using System.Diagnostics.CodeAnalysis;
using NBomber.Contracts;
using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Modes;
using Sidecar.LoadGen.Wire;

namespace Sidecar.LoadGen.Engine;

/// <summary>
/// What scenarios send with. On a loop of ours: raw lanes, made as they are needed. Anywhere else, as under NBomber
/// itself, the framework's client: the scenario stays the same.
/// </summary>
public sealed class LoadClient : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly Target _target;
    private readonly RequestShape _shape;
    private readonly int _connections;
    private readonly bool _isSpread;
    private readonly Func<long, RequestImage> _images;
    private readonly List<Lane> _lanes = [];
    private readonly Queue<Lane> _idle = new();
    private readonly Queue<TaskCompletionSource<ExchangeResult>> _waiting = new();
    private readonly Lazy<HttpMessageInvoker> _elsewhere = new(H2Exchange.Client);
    private EpollReactor? _reactor;
    private long _sent;
    private bool _isWatched;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="shape">Of the requests.</param>
    /// <param name="connections">Most at a time (streams, for HTTP/2); beyond it requests wait, and their clock runs.</param>
    /// <param name="isSpread">Opens all of them before any is used again, then uses them in turn.</param>
    public LoadClient(Target target, RequestShape shape, int connections, bool isSpread = false)
    {
        ArgumentNullException.ThrowIfNull(target);
        (_target, _shape, _connections, _isSpread, _images) = (target, shape, connections, isSpread, target.Images(shape));
    }

    /// <summary>Connections that are open, or have been.</summary>
    public int Connections => _lanes.Count;

    /// <summary>How often one of them had to be opened.</summary>
    public int Openings => _lanes.Sum(lane => lane.Connections);

    /// <summary>Sends the next request and reads its answer to the end.</summary>
    public async Task<IResponse> SendAsync()
    {
        var result = LoopTimers.Current?.Reactor is EpollReactor reactor ? await SendOnLoopAsync(reactor) : await SendElsewhereAsync();
        return result.Problem is null
            ? Response.Ok(statusCode: result.Status == 0 ? "" : $"{result.Status}", sizeBytes: result.BodyBytes)
            : Response.Fail(statusCode: result.Status == 0 ? "" : $"{result.Status}", message: result.Problem == "status" ? $"status {result.Status}" : result.Problem);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CloseLanes();
        if (_elsewhere.IsValueCreated)
        {
            _elsewhere.Value.Dispose();
        }
    }

    private void CloseLanes()
    {
        _lanes.ForEach(lane => lane.Close());
        _lanes.Clear();
        _idle.Clear();
        _isWatched = false;
    }

    private Task<ExchangeResult> SendOnLoopAsync(EpollReactor reactor)
    {
        if (_reactor != reactor)
        {
            // A run of its own has a loop of its own; the lanes of the run before are deaf.
            CloseLanes();
            _reactor = reactor;
        }

        Watch();
        var exchange = new TaskCompletionSource<ExchangeResult>();
        Lane? lane = null;
        if ((_isSpread && TryMakeLane(reactor, out lane)) || _idle.TryDequeue(out lane) || TryMakeLane(reactor, out lane))
        {
            Begin(lane, exchange);
        }
        else
        {
            _waiting.Enqueue(exchange);
        }

        return exchange.Task;
    }

    private bool TryMakeLane(EpollReactor reactor, [NotNullWhen(true)] out Lane? lane)
    {
        if (_lanes.Count == 0 && _shape.Protocol is TargetProtocol.H2c or TargetProtocol.Grpc or TargetProtocol.GrpcStream)
        {
            // All at once: they share one connection.
            _lanes.AddRange(_target.Lanes(reactor, _connections, _shape));
            _lanes.ForEach(one => one.Completed = OnCompleted);
            _lanes.ForEach(_idle.Enqueue);
            lane = _idle.Dequeue();
            return true;
        }

        if (_lanes.Count >= _connections)
        {
            lane = null;
            return false;
        }

        lane = _target.Lanes(reactor, 1, _shape)[0];
        lane.Completed = OnCompleted;
        _lanes.Add(lane);
        return true;
    }

    private void Begin(Lane lane, TaskCompletionSource<ExchangeResult> exchange)
    {
        lane.State = exchange;
        lane.Begin(_images(_sent++));
    }

    private void OnCompleted(Lane lane, ExchangeResult result)
    {
        var exchange = (TaskCompletionSource<ExchangeResult>)lane.State!;
        lane.State = null;
        if (_waiting.TryDequeue(out var next))
        {
            Begin(lane, next);
        }
        else
        {
            _idle.Enqueue(lane);
        }

        // Last: what awaits it may send again, or dispose this.
        exchange.TrySetResult(result);
    }

    // Ten seconds without an answer are a failure. Looked for twice a second, while anything is under way.
    private async void Watch()
    {
        if (_isWatched || LoopTimers.Current is not { } loop)
        {
            return;
        }

        _isWatched = true;
        do
        {
            await loop.Until(loop.Reactor.Now + 500_000_000);
            foreach (var lane in _lanes.ToArray())
            {
                if (lane.IsBusy && loop.Reactor.Now - lane.Begun > Timeout.TotalNanoseconds)
                {
                    lane.Abandon("timeout");
                }
            }
        }
        while (_lanes.Exists(lane => lane.IsBusy));
        _isWatched = false;
    }

    private async Task<ExchangeResult> SendElsewhereAsync()
    {
        using var request = _shape.Protocol == TargetProtocol.Grpc
            ? H2Exchange.GrpcRequest(_target.Address, _shape.BodyBytes)
            : H2Exchange.Request(_target.Address, _shape.BodyBytes);
        if (_shape.Protocol == TargetProtocol.Http1)
        {
            request.Version = System.Net.HttpVersion.Version11;
        }

        using var limit = new CancellationTokenSource(Timeout);
        return await H2Exchange.SendAsync(_elsewhere.Value, request, _shape.ExpectedStatus, limit.Token);
    }
}
