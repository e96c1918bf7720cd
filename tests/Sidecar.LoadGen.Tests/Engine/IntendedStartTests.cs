using Sidecar.LoadGen.Commands;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Pacing;
using Sidecar.LoadGen.Recording;
using Sidecar.LoadGen.Wire;

namespace Sidecar.LoadGen.Tests.Engine;

/// <summary>The reason for this generator: a stall is counted in every request that it delays.</summary>
public sealed class IntendedStartTests
{
    private static readonly RequestImage Get = RequestImage.Http("GET", "bench", "/");
    private static readonly TimeSpan Service = TimeSpan.FromMicroseconds(100);
    private static readonly TimeSpan Stall = TimeSpan.FromMilliseconds(100);

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(500)]
    public void OpenLoop_ServerStallsFor100Ms_DelaysTheHundredRequestsThatShouldHaveStarted(int connections)
    {
        var tally = Open(perSecond: 1000, TimeSpan.FromSeconds(1), connections, stall: true, out var server);

        Assert.Equal((1000L, 0L, 1000), (tally.Succeeded, tally.Failed, server.Requests));
        // Those that started within the stall waited for its end, the first 100 ms, the last hardly at all; with one
        // connection a few more wait for those before them.
        Assert.InRange(tally.Latency.CountAbove(1_000_000), 95, 115);
        Assert.InRange(tally.Latency.CountAbove(50_000_000), 45, 60);
        Assert.InRange(tally.Latency.Max, 99_000_000, 101_000_000);
        Assert.InRange(tally.Latency.At(99), 85_000_000, 101_000_000);
        Assert.InRange(tally.Latency.At(50), 99_000, 101_000);
    }

    [Theory]
    [InlineData(1000, 1000)] // before each start
    [InlineData(10_000, 3334)] // not sooner than 250 µs after the last
    public void OpenLoop_PaceIsTaken_StartsAreOnTimeAndKeptWithTheirLatencies(int perSecond, int probes)
    {
        var reactor = new ScriptedReactor();
        var (began, pace, tally) = (reactor.Now, new MachinePace(Stall), new Tally { Starts = [] });
        var server = new ScriptedServer(reactor, Service);
        new OpenLoop(reactor, server.Lanes(16), _ => Get, tally, TimeSpan.FromSeconds(5), new PaceProbe(reactor, pace))
            .Run(new ArrivalSchedule([LoadPhase.Constant(perSecond, TimeSpan.FromSeconds(1))]));

        Assert.Equal((perSecond, probes), (server.Requests, pace.Probes));
        Assert.Equal(0, tally.Lateness.Max);
        Assert.Equal(perSecond, tally.Starts!.Count);
        Assert.Equal((began + (500_000_000 / perSecond), Service.TotalNanoseconds), (tally.Starts[0].Intended, tally.Starts[0].Latency));
    }

    [Fact]
    public void Pace_IsTakenEveryMillisecondUntilItIsOver()
    {
        var reactor = new ScriptedReactor();
        var end = reactor.Now + 99_500_000;

        Assert.Equal(100, Pace.Watch(reactor, () => reactor.Now >= end).Probes);
    }

    [Fact]
    public void ClosedLoop_TheSameStall_SeesOneSlowRequest()
    {
        var reactor = new ScriptedReactor();
        // A millisecond per answer: one lane makes the same thousand requests a second.
        var server = new ScriptedServer(reactor, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(500), Stall);
        var tally = new Tally();
        new ClosedLoop(reactor, server.Lanes(1), _ => Get, tally, TimeSpan.FromSeconds(5)).Run(TimeSpan.FromSeconds(1));

        Assert.InRange(tally.Succeeded, 890, 905);
        Assert.Equal(1, tally.Latency.CountAbove(2_000_000));
        Assert.InRange(tally.Latency.At(99), 900_000, 1_100_000);
    }

    [Fact]
    public void OpenLoop_TheSameStall_IsSmallerInTheTimesFromTheSend()
    {
        // What the same run looks like when the clock starts at the send: with one connection one slow request.
        var tally = Open(perSecond: 1000, TimeSpan.FromSeconds(1), connections: 1, stall: true, out _);
        Assert.Equal(1, tally.Service.CountAbove(1_000_000));
    }

    [Fact]
    public void OpenLoop_ServerKeepsUp_RecordsItsTimeAndNothingElse()
    {
        var tally = Open(perSecond: 2000, TimeSpan.FromSeconds(2), connections: 4, stall: false, out _);
        Assert.Equal(4000, tally.Succeeded);
        Assert.InRange(tally.Latency.Max, 99_000, 101_000);
        Assert.Equal(0, tally.Lateness.Max);
        Assert.Equal(2000, tally.Rate);
    }

    [Fact]
    public void OpenLoop_TwiceTheCapacity_LatencyGrowsToTheLengthOfTheQueue()
    {
        // One connection carries 10 000 a second; 20 000 are started: after a second half of them wait half a second.
        var tally = Open(perSecond: 20_000, TimeSpan.FromSeconds(1), connections: 1, stall: false, out _);
        Assert.Equal(20_000, tally.Succeeded);
        Assert.InRange(tally.Latency.Max, 990_000_000, 1_010_000_000);
        Assert.InRange(tally.Latency.At(50), 490_000_000, 510_000_000);
    }

    [Fact]
    public void OpenLoop_ServerFallsSilent_EveryIntendedRequestIsAccountedFor()
    {
        var reactor = new ScriptedReactor();
        var server = new ScriptedServer(reactor, Service) { SilentFrom = 11 };
        var tally = new Tally();
        new OpenLoop(reactor, server.Lanes(4), _ => Get, tally, TimeSpan.FromSeconds(1))
            .Run(new ArrivalSchedule([LoadPhase.Constant(100, TimeSpan.FromSeconds(1))]));

        Assert.Equal((10L, 90L), (tally.Succeeded, tally.Failed));
        Assert.Equal(["never started", "timeout"], tally.Failures.Keys);
    }

    [Fact]
    public void OpenLoop_SomeFail_CountsThemApart()
    {
        var reactor = new ScriptedReactor();
        var server = new ScriptedServer(reactor, Service) { FailEvery = 4 };
        var tally = new Tally();
        new OpenLoop(reactor, server.Lanes(4), _ => Get, tally, TimeSpan.FromSeconds(1))
            .Run(new ArrivalSchedule([LoadPhase.Constant(100, TimeSpan.FromSeconds(1))]));

        Assert.Equal((75L, 25L, 25L, 75L), (tally.Succeeded, tally.Failed, tally.Failures["reset"], tally.Statuses[200]));
        Assert.Equal(7500, tally.BodyBytes);
    }

    private static Tally Open(double perSecond, TimeSpan during, int connections, bool stall, out ScriptedServer server)
    {
        var reactor = new ScriptedReactor();
        server = new ScriptedServer(reactor, Service, TimeSpan.FromMilliseconds(500), stall ? Stall : default);
        var tally = new Tally();
        new OpenLoop(reactor, server.Lanes(connections), _ => Get, tally, TimeSpan.FromSeconds(5))
            .Run(new ArrivalSchedule([LoadPhase.Constant(perSecond, during)]));
        return tally;
    }
}
