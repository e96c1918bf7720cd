using NBomber.Contracts;
using NBomber.CSharp;
using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Tests.Engine;

namespace Sidecar.LoadGen.Tests.NBomber;

/// <summary>The facade on a scripted clock: what NBomber's users know must mean here what it means there.</summary>
public sealed class FacadeTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly ScriptedReactor _reactor = new();

    [Fact]
    public void Inject_AtARate_StartsThatManyWithoutWaitingForAnswers()
    {
        var stats = Run(Scenario.Create("one", async _ => await After(5 * Second))
            .WithoutWarmUp().WithLoadSimulations(Simulation.Inject(rate: 100, interval: Second, during: 3 * Second)));

        Assert.Equal((300L, 0L), (stats.AllOkCount, stats.AllFailCount));
        Assert.Equal(100, stats.Ok.Request.RPS, 0.5);
        Assert.InRange(stats.Ok.Latency.Percent99, 4_950, 5_050);
    }

    [Fact]
    public void RampingInject_AfterInject_StartsFromItsRate()
    {
        var stats = Run(Scenario.Create("one", _ => Task.FromResult(Response.Ok())).WithoutWarmUp().WithLoadSimulations(
            Simulation.RampingInject(rate: 100, interval: Second, during: 2 * Second),
            Simulation.Inject(rate: 100, interval: Second, during: Second),
            Simulation.Pause(during: Second),
            Simulation.InjectRandom(minRate: 10, maxRate: 10, interval: Second, during: 2 * Second)));

        Assert.Equal(100 + 100 + 20, stats.AllOkCount);
        Assert.Equal(TimeSpan.FromSeconds(6), stats.Duration);
    }

    [Fact]
    public void KeepConstant_SomeCopies_EachStartsAgainWhenItHasEnded()
    {
        var stats = Run(Scenario.Create("one", async _ => await After(Second / 10))
            .WithoutWarmUp().WithLoadSimulations(Simulation.KeepConstant(copies: 4, during: 5 * Second)));

        Assert.Equal(200, stats.AllOkCount);
    }

    [Fact]
    public void RampingConstant_UpAndDown_HasHalfTheIterationsOfAFullLoad()
    {
        var stats = Run(Scenario.Create("one", async _ => await After(Second / 10)).WithoutWarmUp().WithLoadSimulations(
            Simulation.RampingConstant(copies: 10, during: 10 * Second), Simulation.RampingConstant(copies: 0, during: 10 * Second)));

        Assert.InRange(stats.AllOkCount, 850, 1150);
    }

    [Fact]
    public void WarmUp_Always_IsNotCounted()
    {
        var started = 0;
        var stats = Run(Scenario.Create("one", _ =>
        {
            started++;
            return Task.FromResult(Response.Ok());
        }).WithWarmUpDuration(2 * Second).WithLoadSimulations(Simulation.Inject(10, Second, Second)));

        Assert.Equal((30, 10L), (started, stats.AllOkCount));
    }

    [Fact]
    public void Iteration_ThatThrowsOrFails_IsAFailureWithItsReason()
    {
        var stats = Run(Scenario.Create("one", async context =>
        {
            await After(Second / 100);
            return context.InvocationNumber % 2 == 0 ? throw new TimeoutException() : Response.Fail(statusCode: "503", message: "status 503");
        }).WithoutWarmUp().WithLoadSimulations(Simulation.KeepConstant(1, Second)));

        Assert.Equal((0L, 100L), (stats.AllOkCount, stats.AllFailCount));
        Assert.Equal([new StatusCodeStats("503", true, 50)], stats.Fail.StatusCodes);
        Assert.Equal(100, stats.Fail.Request.Percent);
    }

    [Fact]
    public void MaxFailCount_Reached_EndsTheScenario()
    {
        var stats = Run(Scenario.Create("one", _ => Task.FromResult(Response.Fail())).WithoutWarmUp().WithMaxFailCount(10)
            .WithLoadSimulations(Simulation.Inject(100, Second, 10 * Second)));

        Assert.Equal(11, stats.AllFailCount);
    }

    [Fact]
    public void Iteration_ThatNeverEnds_IsAFailure()
    {
        var stats = Run(Scenario.Create("one", async context =>
        {
            await (context.InvocationNumber == 3 ? new TaskCompletionSource().Task : Task.CompletedTask);
            return Response.Ok();
        }).WithoutWarmUp().WithLoadSimulations(Simulation.Inject(10, Second, Second)));

        Assert.Equal((9L, 1L), (stats.AllOkCount, stats.AllFailCount));
    }

    [Fact]
    public void Thresholds_MetAndMissed_AreToldWithTheirText()
    {
        var scenario = Scenario.Create("one", async _ => await After(Second / 100)).WithoutWarmUp()
            .WithLoadSimulations(Simulation.Inject(10, Second, Second))
            .WithThresholds(Threshold.Create(stats => stats.Fail.Request.Count == 0), Threshold.Create(stats => stats.Ok.Latency.Percent99 < 5));
        var output = new StringWriter();
        var result = NBomberRunner.RegisterScenarios(scenario).WithTestName("thresholds").Run(_reactor, output);

        Assert.Equal([false, true], result.Thresholds.Select(threshold => threshold.IsFailed));
        Assert.Contains("NOT MET  one: stats => stats.Ok.Latency.Percent99 < 5: false", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(10, result.AllOkCount);
    }

    [Fact]
    public void Scenarios_Several_RunSideBySide()
    {
        var began = _reactor.Now;
        var scenarios = Enumerable.Range(0, 3).Select(i => Scenario.Create($"scenario {i}", _ => Task.FromResult(Response.Ok()))
            .WithoutWarmUp().WithLoadSimulations(Simulation.Inject(10, Second, 5 * Second))).ToArray();
        var result = NBomberRunner.RegisterScenarios(scenarios).Run(_reactor, new StringWriter());

        Assert.Equal(150, result.AllOkCount);
        Assert.InRange(_reactor.Now - began, 5_000_000_000, 5_200_000_000);
    }

    private async Task<IResponse> After(TimeSpan time)
    {
        await LoopTimers.Current!.Until(_reactor.Now + (long)time.TotalNanoseconds);
        return Response.Ok(statusCode: "200", sizeBytes: 10);
    }

    private ScenarioStats Run(ScenarioProps scenario) =>
        NBomberRunner.RegisterScenarios(scenario).Run(_reactor, new StringWriter()).ScenarioStats.Single();
}
