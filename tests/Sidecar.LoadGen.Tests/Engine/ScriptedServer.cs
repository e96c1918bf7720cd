using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Wire;

namespace Sidecar.LoadGen.Tests.Engine;

/// <summary>A loop whose clock moves only by waiting on it: to the next scripted answer or to the time waited for.</summary>
internal sealed class ScriptedReactor : IReactor
{
    private readonly PriorityQueue<Action, (long At, long Order)> _agenda = new();
    private readonly Queue<Action> _posted = new();
    private long _order;

    public long Now { get; private set; } = 12_345_678_901; // not 0: code that subtracts too early fails

    public void At(long time, Action action) => _agenda.Enqueue(action, (time, _order++));

    public void Post(Action action) => _posted.Enqueue(action);

    public void Wait(long until)
    {
        if (_posted.TryDequeue(out var posted))
        {
            posted();
        }
        else if (_agenda.TryPeek(out _, out var next) && next.At <= until)
        {
            Now = Math.Max(Now, next.At);
            _agenda.Dequeue()();
        }
        else
        {
            Now = Math.Max(Now, until);
        }
    }
}

/// <summary>
/// A server that answers each request after a fixed time, except that it stands still for one stretch: nothing is
/// answered before the end of it.
/// </summary>
internal sealed class ScriptedServer(ScriptedReactor reactor, TimeSpan service, TimeSpan stallFrom = default, TimeSpan stallFor = default)
{
    private readonly long _began = reactor.Now;

    public int Requests { get; private set; }

    /// <summary>Every n-th request fails; 0: none.</summary>
    public int FailEvery { get; init; }

    /// <summary>Never answers from this request on; 0: always answers.</summary>
    public int SilentFrom { get; init; }

    public Lane[] Lanes(int count) => [.. Enumerable.Range(0, count).Select(_ => new ScriptedLane(reactor, this))];

    private void Answer(Action<ExchangeResult> answer)
    {
        Requests++;
        if (SilentFrom != 0 && Requests >= SilentFrom)
        {
            return;
        }

        var result = FailEvery != 0 && Requests % FailEvery == 0 ? new ExchangeResult("reset", 0, 0) : new ExchangeResult(null, 200, 100);
        var (from, to) = (_began + Nanoseconds(stallFrom), _began + Nanoseconds(stallFrom) + Nanoseconds(stallFor));
        var at = reactor.Now + Nanoseconds(service);
        reactor.At(at >= from && at < to ? to : at, () => answer(result));
    }

    private static long Nanoseconds(TimeSpan time) => (long)time.TotalNanoseconds;

    private sealed class ScriptedLane(ScriptedReactor reactor, ScriptedServer server) : Lane
    {
        private int _exchange;
        private bool _isBusy;

        public override bool IsBusy => _isBusy;

        public override void Begin(RequestImage request)
        {
            Assert.False(_isBusy);
            (_isBusy, Begun) = (true, reactor.Now);
            var exchange = ++_exchange;
            server.Answer(result =>
            {
                if (_isBusy && exchange == _exchange)
                {
                    End(result);
                }
            });
        }

        public override void Abandon(string problem)
        {
            if (_isBusy)
            {
                End(new ExchangeResult(problem, 0, 0));
            }
        }

        public override void Close() => _isBusy = false;

        private void End(ExchangeResult result)
        {
            _isBusy = false;
            Completed?.Invoke(this, result);
        }
    }
}
