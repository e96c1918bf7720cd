using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Recording;
using Sidecar.LoadGen.Wire;

namespace Sidecar.LoadGen.Modes;

/// <summary>
/// One request at a time, to each target in turn over a connection of its own, in an order drawn anew each round: what
/// the machine does in a moment it does to all of them. The best measure of added latency on a machine with neighbours.
/// With gaps it is the cold path: caches and sleep states as a service with little traffic meets them.
/// </summary>
public static class Interleaved
{
    /// <summary>Rounds are told apart in blocks of this share, for the intervals.</summary>
    private const int Blocks = 50;

    /// <summary>Runs; the first failure ends it, for a failed request has no latency.</summary>
    /// <param name="reactor">This thread's.</param>
    /// <param name="targets">What is compared.</param>
    /// <param name="shape">Of the requests.</param>
    /// <param name="rounds">Each target gets one request in each.</param>
    /// <param name="gap">Wait before each request, drawn between the two (log-uniform); zero: none.</param>
    /// <param name="random">For order and gaps.</param>
    public static Comparison Run(
        EpollReactor reactor, IReadOnlyList<Target> targets, RequestShape shape, int rounds, (TimeSpan Least, TimeSpan Most) gap, Random random)
    {
        ArgumentNullException.ThrowIfNull(reactor);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(random);
        var probes = targets.Select(target => new Probe(reactor, target, shape)).ToArray();
        var comparison = new Comparison([.. targets.Select(target => target.Name)]);
        var order = Enumerable.Range(0, probes.Length).ToArray();
        var warm = Math.Min(200, rounds);
        var perBlock = Math.Max(1, rounds / Blocks);
        LatencyHistogram[] block = [];
        for (var round = -warm; round < rounds; round++)
        {
            if (round >= 0 && round % perBlock == 0)
            {
                block = [.. probes.Select(_ => new LatencyHistogram())];
                comparison.AddRound(block);
            }

            random.Shuffle(order);
            foreach (var index in order)
            {
                Pause(reactor, round < 0 ? default : gap, random);
                var latency = probes[index].Send();
                if (round >= 0)
                {
                    block[index].Record(latency);
                }
            }
        }

        Array.ForEach(probes, probe => probe.Close());
        return comparison;
    }

    private static void Pause(EpollReactor reactor, (TimeSpan Least, TimeSpan Most) gap, Random random)
    {
        if (gap.Most <= TimeSpan.Zero)
        {
            return;
        }

        var least = Math.Max(1, gap.Least.TotalNanoseconds);
        var until = reactor.Now + (long)(least * Math.Pow(gap.Most.TotalNanoseconds / least, random.NextDouble()));
        while (reactor.Now < until)
        {
            reactor.Wait(until);
        }
    }

    private sealed class Probe
    {
        private readonly EpollReactor _reactor;
        private readonly Lane _lane;
        private readonly Func<long, RequestImage> _images;
        private readonly string _name;
        private long _sent;
        private long _ended;
        private ExchangeResult _result;

        public Probe(EpollReactor reactor, Target target, RequestShape shape)
        {
            (_reactor, _name, _images) = (reactor, target.Name, target.Images(shape));
            _lane = target.Lanes(reactor, 1, shape)[0];
            _lane.Completed = (_, result) => (_ended, _result) = (reactor.Now, result);
        }

        public long Send()
        {
            _ended = 0;
            _lane.Begin(_images(_sent++));
            while (_ended == 0)
            {
                _reactor.Wait(_lane.Begun + 10_000_000_000);
                if (_reactor.Now - _lane.Begun > 10_000_000_000)
                {
                    _lane.Abandon("timeout");
                }
            }

            return _result.Problem is null ? _ended - _lane.Begun : throw new RunFailedException($"{_name}: request {_sent}: {_result.Problem}, status {_result.Status}");
        }

        public void Close() => _lane.Close();
    }
}

/// <summary>The run has no result, and why.</summary>
public sealed class RunFailedException(string message) : Exception(message);
