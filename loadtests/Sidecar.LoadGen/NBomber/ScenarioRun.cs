using System.Globalization;
using NBomber.Contracts;
using NBomber.CSharp;
using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Pacing;
using Sidecar.LoadGen.Recording;

namespace Sidecar.LoadGen.NBomber;

/// <summary>
/// Runs one scenario on a loop. Unlike NBomber it counts the latency of an open simulation from the intended start, so
/// that neither a stalled server nor a late generator goes unseen.
/// </summary>
internal sealed class ScenarioRun(LoopTimers loop, ScenarioProps scenario, int seed, TimeSpan drain) : IScenarioContext
{
    private readonly Dictionary<string, (bool IsError, long Count)> _statuses = new(StringComparer.Ordinal);
    private Tally _tally = new();
    private long _invocations;
    private long _active;
    private int _run; // iterations of an earlier stretch do not count in this one
    private string? _stopped;

    /// <inheritdoc/>
    public long InvocationNumber => _invocations;

    /// <inheritdoc/>
    public Random Random { get; } = new(seed);

    /// <inheritdoc/>
    public string ScenarioName => scenario.ScenarioName;

    /// <summary>All that was recorded.</summary>
    public Tally Tally => _tally;

    /// <summary>Why it ended before its time.</summary>
    public string? StoppedBecause => _stopped;

    /// <inheritdoc/>
    public void StopCurrentTest(string reason) => _stopped ??= reason;

    /// <summary>From init to clean.</summary>
    public async Task RunAsync()
    {
        if (scenario.Init is { } init)
        {
            await init(this);
        }

        if (scenario.WarmUp > TimeSpan.Zero && scenario.Simulations.Count > 0)
        {
            await RunLoadAsync([scenario.Simulations[0] with { During = scenario.WarmUp }]);
        }

        _tally = new Tally();
        _statuses.Clear();
        _run++;
        await RunLoadAsync(scenario.Simulations);
        if (scenario.Clean is { } clean)
        {
            await clean(this);
        }
    }

    /// <summary>What it came to, as NBomber would say it.</summary>
    public ScenarioStats Stats()
    {
        var seconds = Math.Max(1e-9, _tally.Duration / 1e9);
        MeasurementStats Of(long count, LatencyHistogram latency, long bytes, bool isError) => new(
            new RequestStats(count, count / seconds, _tally.Ended == 0 ? 0 : 100.0 * count / _tally.Ended),
            new LatencyStats(
                latency.Min / 1e6, latency.Mean / 1e6, latency.Max / 1e6, latency.StandardDeviation() / 1e6,
                latency.At(50) / 1e6, latency.At(75) / 1e6, latency.At(95) / 1e6, latency.At(99) / 1e6, latency.At(99.9) / 1e6),
            new DataTransferStats(bytes),
            [.. _statuses.Where(pair => pair.Value.IsError == isError).OrderBy(pair => pair.Key, StringComparer.Ordinal)
                .Select(pair => new StatusCodeStats(pair.Key, isError, pair.Value.Count))]);
        return new ScenarioStats(
            scenario.ScenarioName, Of(_tally.Succeeded, _tally.Latency, _tally.BodyBytes, isError: false),
            Of(_tally.Failed, _tally.FailedLatency, 0, isError: true), TimeSpan.FromSeconds(_tally.Duration / 1e9));
    }

    private async Task RunLoadAsync(IReadOnlyList<LoadSimulation> simulations)
    {
        var began = loop.Reactor.Now;
        var (rate, copies) = (0.0, 0);
        foreach (var simulation in simulations)
        {
            var from = loop.Reactor.Now;
            if (simulation.Kind is SimulationKind.KeepConstant or SimulationKind.RampingConstant)
            {
                await RunCopiesAsync(simulation, simulation.Kind == SimulationKind.KeepConstant ? simulation.Amount : copies, from);
            }
            else
            {
                await RunRateAsync(new ArrivalSchedule(simulation.Phases(rate, Random)), from);
            }

            (rate, copies) = (simulation.RateAtEnd, simulation.CopiesAtEnd);
            if (_stopped is not null)
            {
                break;
            }
        }

        _tally.Duration += loop.Reactor.Now - began;
        for (var limit = loop.Reactor.Now + (long)drain.TotalNanoseconds; _active > 0 && loop.Reactor.Now < limit;)
        {
            await loop.Until(loop.Reactor.Now + 5_000_000);
        }

        // Whatever has not ended by now has failed, and what it still comes to is not counted twice.
        for (; _active > 0; _active--)
        {
            _tally.Fail("not ended", 0, (long)drain.TotalNanoseconds);
        }

        _run++;
    }

    private async Task RunRateAsync(ArrivalSchedule schedule, long from)
    {
        while (_stopped is null && schedule.TryNext(out var at))
        {
            await loop.Until(from + at);
            _tally.Lateness.Record(loop.Reactor.Now - (from + at));
            _ = IterateAsync(from + at);
        }

        if (_stopped is null)
        {
            await loop.Until(from + schedule.Duration);
        }
    }

    private async Task RunCopiesAsync(LoadSimulation simulation, int copies, long from)
    {
        var duration = (long)simulation.During.TotalNanoseconds;
        var end = from + duration;
        var most = Math.Max(copies, simulation.Amount);
        var running = new List<Task>();
        for (var copy = 0; copy < most; copy++)
        {
            // A copy beyond those that were there starts when the ramp reaches it; one that must go stops then.
            var share = simulation.Amount == copies ? 0.0 : ((double)copy - copies + 1) / (simulation.Amount - copies);
            var (start, stop) = copy < copies
                ? (from, copy < simulation.Amount ? end : from + (long)(Math.Clamp(share, 0, 1) * duration))
                : (from + (long)(Math.Clamp(share, 0, 1) * duration), end);
            running.Add(CopyAsync(start, stop));
        }

        await Task.WhenAll(running);
        await loop.Until(end);
    }

    private async Task CopyAsync(long start, long stop)
    {
        await loop.Until(start);
        while (_stopped is null && loop.Reactor.Now < stop)
        {
            var before = loop.Reactor.Now;
            await IterateAsync(before);
            if (loop.Reactor.Now == before)
            {
                await loop.Until(before + 1_000); // an iteration that takes no time must not keep the loop from turning
            }
        }
    }

    private async Task IterateAsync(long intended)
    {
        var (run, begun) = (_run, loop.Reactor.Now);
        _invocations++;
        _active++;
        IResponse response;
        try
        {
            response = await scenario.Iteration(this);
        }
        catch (Exception exception)
        {
            response = Response.Fail(message: exception.GetType().Name);
        }

        if (run != _run)
        {
            return; // it was given up
        }

        _active--;
        Record(response, loop.Reactor.Now - intended, loop.Reactor.Now - begun);
    }

    private void Record(IResponse response, long latency, long service)
    {
        _ = int.TryParse(response.StatusCode, NumberStyles.None, CultureInfo.InvariantCulture, out var status);
        if (response.IsError)
        {
            _tally.Fail(response.Message.Length > 0 ? response.Message : $"status {response.StatusCode}", status, latency);
            if (_tally.Failed > scenario.MaxFailCount)
            {
                StopCurrentTest($"more than {scenario.MaxFailCount} failures");
            }
        }
        else
        {
            _tally.Succeed(status, latency, service, response.SizeBytes);
        }

        if (response.StatusCode.Length > 0)
        {
            var key = response.StatusCode;
            _statuses[key] = (response.IsError, _statuses.GetValueOrDefault(key).Count + 1);
        }
    }
}
