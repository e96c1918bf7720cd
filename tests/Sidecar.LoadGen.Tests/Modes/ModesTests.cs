using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using NBomber.CSharp;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Modes;
using Sidecar.LoadGen.Recording;
using Sidecar.TestKit.Network;

namespace Sidecar.LoadGen.Tests.Modes;

/// <summary>Every mode and protocol over real sockets: that it counts what happened, not how long it took.</summary>
public sealed class ModesTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task Steady_TwoTargets_CountsEveryIntendedRequestOfBoth()
    {
        await using var upstream = await UpstreamAsync();
        var (latencies, tallies, pace, atFullPace) = await OnLoop(reactor => SteadySlices.Run(
            reactor, [Target.Parse($"a={upstream.Address}/"), Target.Parse($"b={upstream.Address}/")], new RequestShape(),
            new SteadyPlan(Rate: 200, Connections: 4, Short, Rounds: 2), new Random(1)));

        Assert.Equal([120L, 120L], tallies.Select(tally => tally.Succeeded));
        Assert.Equal([0L, 0L], tallies.Select(tally => tally.Failed));
        Assert.Equal((2, 120L), (latencies.Rounds, latencies.Pooled(1).Count));
        Assert.Equal((null, null), (pace, atFullPace));
    }

    [Fact]
    public async Task Steady_WithLead_CountsItWithoutItsLatencies()
    {
        await using var upstream = await UpstreamAsync();
        var (latencies, tallies, _, _) = await OnLoop(reactor => SteadySlices.Run(
            reactor, [Target.Parse($"a={upstream.Address}/")], new RequestShape(),
            new SteadyPlan(Rate: 200, Connections: 4, Short, Rounds: 2, Lead: TimeSpan.FromMilliseconds(500)), new Random(1)));

        Assert.Equal((320L, 0L), (tallies[0].Succeeded, tallies[0].Failed));
        Assert.Equal(120L, latencies.Pooled(0).Count);
    }

    [Fact]
    public async Task Steady_WithSettle_LeavesOutWhatWasToStartWhileTheMachineWasSlow()
    {
        await using var upstream = await UpstreamAsync();
        var (latencies, tallies, pace, atFullPace) = await OnLoop(reactor => SteadySlices.Run(
            reactor, [Target.Parse($"a={upstream.Address}/"), Target.Parse($"b={upstream.Address}/")], new RequestShape(),
            new SteadyPlan(Rate: 200, Connections: 4, Short, Rounds: 2, Settle: TimeSpan.FromMilliseconds(100)), new Random(1)));

        Assert.Equal([120L, 120L], tallies.Select(tally => tally.Succeeded));
        Assert.Equal((2, 120L), (latencies.Rounds, latencies.Pooled(1).Count));
        Assert.Equal(2 * (200 + 120), pace!.Probes); // before each start, of the second to warm up too
        // How slow this machine is now, the test cannot know; when it was not, nothing is missing.
        Assert.Equal(2, atFullPace!.Rounds);
        Assert.InRange(atFullPace.Pooled(1).Count, pace.Stretches.Count == 0 ? 120 : 0, 120);
    }

    [Theory]
    [InlineData("plain", 0)]
    [InlineData("R", 10)]
    public async Task Interleaved_Profile_SendsWhatItSays(string profile, int posts)
    {
        var (gets, seen, headers) = (0, 0, 0);
        await using var upstream = await UpstreamAsync(context =>
        {
            (gets, headers) = (gets + (context.Request.Method == "GET" ? 1 : 0), context.Request.Headers.Count);
            seen++;
        });
        var comparison = await OnLoop(reactor => Interleaved.Run(
            reactor, [Target.Parse($"a={upstream.Address}/x")], new RequestShape(Profile: profile), 50, default, new Random(1)));

        Assert.Equal(50, comparison.Pooled(0).Count);
        Assert.Equal((100, 100 - posts), (seen, gets)); // 50 to warm up
        Assert.Equal(profile == "R" ? 13 : 1, headers); // the last of R is a POST, with its length
    }

    [Fact]
    public async Task Interleaved_TargetThatFails_HasNoResult()
    {
        await using var upstream = await UpstreamAsync(context => context.Response.StatusCode = 503);
        await Assert.ThrowsAsync<RunFailedException>(() => OnLoop(reactor => Interleaved.Run(
            reactor, [Target.Parse($"a={upstream.Address}/")], new RequestShape(), 10, default, new Random(1))));
    }

    [Fact]
    public async Task Closed_WebSocket_CountsEchoes()
    {
        await using var upstream = await KestrelUpstream.StartWebSocketEchoAsync();
        var tally = await OnLoop(reactor => SteadySlices.Closed(
            reactor, Target.Parse($"a={upstream.Address}/"), new RequestShape(TargetProtocol.WebSocket, BodyBytes: 70_000), 3, Short));

        Assert.Equal(0, tally.Failed);
        Assert.True(tally.Succeeded > 0);
        Assert.Equal(tally.Succeeded * 70_000, tally.BodyBytes);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("14", 20)]
    public async Task Steady_UnaryCalls_SucceedByTheirTrailer(string status, int failures)
    {
        await using var upstream = await KestrelUpstream.StartAsync(HttpProtocols.Http2, async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Request.Body.CopyToAsync(context.Response.Body);
            context.Response.AppendTrailer("grpc-status", status);
        });
        var (_, tallies, _, _) = await OnLoop(reactor => SteadySlices.Run(
            reactor, [Target.Parse($"a={upstream.Address}/orders.Orders/Get")], new RequestShape(TargetProtocol.Grpc, BodyBytes: 100),
            new SteadyPlan(Rate: 20, Connections: 2, TimeSpan.FromSeconds(1), Rounds: 1), new Random(1)));

        Assert.Equal((20 - failures, failures), (tallies[0].Succeeded, tallies[0].Failed));
        Assert.Equal(failures == 0 ? [] : ["grpc-status"], tallies[0].Failures.Keys);
    }

    [Theory]
    [InlineData(int.MaxValue, 0, 1)]
    [InlineData(2, 3, 3)] // the upstream ends each stream at its third message
    public async Task Closed_GrpcStream_CountsEchoesFailuresAndOpenings(int echoes, int failed, int openings)
    {
        await using var upstream = await KestrelUpstream.StartAsync(HttpProtocols.Http2, async context =>
        {
            context.Response.ContentType = "application/grpc";
            for (var i = 0; await GrpcFraming.ReadMessageAsync(context.Request.Body) is { } message && i < echoes; i++)
            {
                await context.Response.Body.WriteAsync(GrpcFraming.Message(message));
            }
        });
        var (tally, opened) = await OnLoop(reactor =>
        {
            var target = Target.Parse($"a={upstream.Address}/orders.Orders/Talk");
            var shape = new RequestShape(TargetProtocol.GrpcStream, BodyBytes: 100);
            var (lanes, counted) = (target.Lanes(reactor, 1, shape), new Tally());
            new ClosedLoop(reactor, lanes, target.Images(shape), counted, TimeSpan.FromSeconds(30)).Run(requests: 9);
            return (counted, lanes[0].Connections);
        });

        Assert.Equal((9 - failed, failed, openings), (tally.Succeeded, tally.Failed, opened));
    }

    [Fact]
    public async Task Scenario_OneClientInTwoRuns_SendsInBoth()
    {
        await using var upstream = await UpstreamAsync();
        await Task.Run(() =>
        {
            using var client = new LoadClient(Target.Parse($"a={upstream.Address}/"), new RequestShape(), connections: 4);
            for (var run = 0; run < 2; run++)
            {
                var scenario = Scenario.Create("one", async _ => await client.SendAsync()).WithoutWarmUp()
                    .WithLoadSimulations(Simulation.Inject(rate: 100, interval: TimeSpan.FromSeconds(1), during: Short));
                using var reactor = new EpollReactor(TimeSpan.Zero);
                var result = NBomberRunner.RegisterScenarios(scenario).Run(reactor, new StringWriter());
                Assert.Equal((30L, 0L), (result.AllOkCount, result.AllFailCount));
            }
        });
    }

    [Fact]
    public async Task LoadClient_OutsideALoop_SendsThroughTheFramework()
    {
        await using var upstream = await UpstreamAsync();
        using var client = new LoadClient(Target.Parse($"a={upstream.Address}/"), new RequestShape(), connections: 4);
        var response = await client.SendAsync();
        Assert.Equal((false, "200", 5L), (response.IsError, response.StatusCode, response.SizeBytes));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("=http://127.0.0.1/")]
    [InlineData("a=https://127.0.0.1/")]
    [InlineData("a=/path")]
    public void Parse_NoTarget_SaysWhatIsWanted(string text) =>
        Assert.Contains("name=http://host:port/path", Assert.Throws<ArgumentException>(() => Target.Parse(text)).Message, StringComparison.Ordinal);

    // The loop belongs to the thread that makes it.
    private static Task<T> OnLoop<T>(Func<EpollReactor, T> run) => Task.Run(() =>
    {
        using var reactor = new EpollReactor(TimeSpan.Zero);
        return run(reactor);
    });

    private static Task<KestrelUpstream> UpstreamAsync(Action<HttpContext>? seen = null) => KestrelUpstream.StartAsync(HttpProtocols.Http1, async context =>
    {
        await context.Request.Body.CopyToAsync(Stream.Null);
        seen?.Invoke(context);
        context.Response.ContentLength = 5;
        await context.Response.Body.WriteAsync("hello"u8.ToArray());
    });
}
