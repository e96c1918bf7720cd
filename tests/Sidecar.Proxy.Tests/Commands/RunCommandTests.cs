using System.Net.Sockets;
using Sidecar.Proxy.Commands;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Startup;
using Sidecar.Proxy.Tests.Configuration;

namespace Sidecar.Proxy.Tests.Commands;

public sealed class RunCommandTests
{
    private readonly CommandFixture _fixture = new();
    private readonly TaskCompletionSource<int> _completion = new();
    private readonly List<ProxySignal> _signals = [];

    [Fact]
    public async Task Run_EveryOption_ArrivesInOrder()
    {
        RunOptions? seen = null;
        _completion.SetResult(0);
        _fixture.Start = (options, _, _) =>
        {
            seen = options;
            return Task.FromResult(new RunningProxy(_completion.Task, _signals.Add));
        };

        var code = await _fixture.RunAsync(
            "run", "--config", "a", "--config", "b", "--config-optional", "c", "--listen", "127.0.0.1:1", "--upstream", "http://u",
            "--set", "retry=off", "--set", "/listeners.admin=off", "--state-dir", "/s", "--on-invalid", "last-good");

        Assert.Equal(0, code);
        Assert.Equal(["a", "b"], seen!.ConfigFiles.AsEnumerable());
        Assert.Equal(["c"], seen.OptionalConfigFiles.AsEnumerable());
        Assert.Equal(("127.0.0.1:1", "http://u", "/s", OnInvalid.LastGood), (seen.Listen, seen.Upstream, seen.StateDirectory, seen.OnInvalid));
        Assert.Equal(["retry=off", "/listeners.admin=off"], seen.Sets.AsEnumerable());
        Assert.False(seen.IsPod);
    }

    [Theory]
    [InlineData("run", "--pod")]
    [InlineData("run", "--pod", "--config-optional", "a")]
    [InlineData("run", "--pod", "--listen", "127.0.0.1:1", "--upstream", "http://u")]
    public async Task Run_Pod_NeedsNoFile(params string[] arguments)
    {
        RunOptions? seen = null;
        _completion.SetResult(0);
        _fixture.Start = (options, _, _) =>
        {
            seen = options;
            return Task.FromResult(new RunningProxy(_completion.Task, _signals.Add));
        };

        Assert.Equal(0, await _fixture.RunAsync(arguments));
        Assert.True(seen!.IsPod);
    }

    [Fact]
    public async Task Run_Signals_AreHandedOverAndTheProxysCodeIsReturned()
    {
        _fixture.Start = Started;
        var running = _fixture.RunAsync("run", "--config", "a");

        _fixture.Signal!(ProxySignal.Reload);
        _fixture.Signal(ProxySignal.Terminate);
        Assert.Equal([ProxySignal.Reload, ProxySignal.Terminate], _signals);
        Assert.False(running.IsCompleted);
        _completion.SetResult(0);

        Assert.Equal(0, await running);
    }

    [Fact]
    public async Task Run_SecondSignal_Exits1WithoutWaiting()
    {
        _fixture.Start = Started;
        var running = _fixture.RunAsync("run", "--config", "a");

        _fixture.Signal!(ProxySignal.Terminate);
        _fixture.Signal(ProxySignal.Interrupt);

        Assert.Equal(1, await running);
    }

    [Fact]
    public async Task Run_SignalWhileStarting_CancelsTheStartAndExits0()
    {
        var starting = new TaskCompletionSource();
        _fixture.Start = async (_, _, cancellationToken) =>
        {
            starting.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            throw new InvalidOperationException("not reached");
        };
        var running = _fixture.RunAsync("run", "--config", "a");
        await starting.Task;

        _fixture.Signal!(ProxySignal.Terminate);

        Assert.Equal(0, await running);
    }

    [Fact]
    public async Task Run_InvalidConfiguration_PrintsEveryErrorAndExits64()
    {
        _fixture.Start = (_, _, _) => throw new ConfigurationInvalidException([TestConfigurations.Problem("one"), TestConfigurations.Problem("two \u001b[2J")]);

        Assert.Equal(64, await _fixture.RunAsync("run", "--config", "a"));
        Assert.Equal("sidecar.yaml:3: routes.a: one\nsidecar.yaml:3: routes.a: two \\u001b[2J\n", _fixture.Error);
    }

    [Fact]
    public async Task Run_AddressInUse_SaysSoAndExits1()
    {
        _fixture.Start = (_, _, _) => throw new IOException("Failed to bind to address http://127.0.0.1:80: address already in use.", new SocketException((int)SocketError.AddressAlreadyInUse));

        Assert.Equal(1, await _fixture.RunAsync("run", "--config", "a"));
        Assert.Equal(
            """{"ts":"2026-01-01T12:00:00.000Z","level":"error","event":"listen-failed","reason":"Failed to bind to address http://127.0.0.1:80: address already in use."}""" + "\n",
            _fixture.Error);
    }

    [Fact]
    public async Task Run_Defect_Exits1WithItsStackInOneLine()
    {
        _fixture.Start = (_, _, _) => throw new InvalidOperationException("a defect");

        Assert.Equal(1, await _fixture.RunAsync("run", "--config", "a"));
        using var line = System.Text.Json.JsonDocument.Parse(_fixture.Error);
        Assert.Equal("internal-error", line.RootElement.GetProperty("event").GetString());
        Assert.StartsWith("System.InvalidOperationException: a defect\n", line.RootElement.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Single(_fixture.Error.TrimEnd().Split('\n'));
    }

    private Task<RunningProxy> Started(RunOptions options, HostEnvironment environment, CancellationToken cancellationToken) =>
        Task.FromResult(new RunningProxy(_completion.Task, _signals.Add));
}
