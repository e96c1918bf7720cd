using System.Net;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Startup;

namespace Sidecar.Proxy.FunctionalTests.Harness;

/// <summary>The proxy's host in this process: the fast half of the suite, debuggable and covered.</summary>
internal sealed class InProcessProxy : IProxyUnderTest
{
    private readonly ProxyHost _host;

    private InProcessProxy(ProxyHost host, LogLines logs, string configurationFile)
    {
        _host = host;
        Logs = logs;
        ConfigurationFile = configurationFile;
    }

    public IPEndPoint Reverse => _host.ReverseEndPoint ?? throw new InvalidOperationException("No reverse listener.");

    public IPEndPoint Admin => _host.AdminEndPoint ?? throw new InvalidOperationException("No admin listener.");

    public IPEndPoint Metrics => _host.MetricsEndPoint ?? throw new InvalidOperationException("No metrics listener.");

    public LogLines Logs { get; }

    public string ConfigurationFile { get; }

    public Task<int> ExitCode => _host.Completion;

    public static async Task<IProxyUnderTest> StartAsync(ProxyStart start, string configurationFile)
    {
        var logs = new LogLines();
        var onInvalid = start.OnInvalid switch
        {
            "last-good" => OnInvalid.LastGood,
            "defaults" => OnInvalid.Defaults,
            _ => OnInvalid.Exit,
        };
        var options = new RunOptions([configurationFile], [], null, null, [], start.StateDirectory, onInvalid)
        {
            ApplicationProbes = start.Environment?.GetValueOrDefault(Contract.EnvironmentVariables.ApplicationProbes),
        };
        var environment = new HostEnvironment(TimeProvider.System, new SharedRandom(), new LogLineStream(logs), TextWriter.Null);
        var host = await Patience.Await(ProxyHost.StartAsync(options, environment, CancellationToken.None), "the proxy starts");
        return new InProcessProxy(host, logs, configurationFile);
    }

    /// <summary>Disposes the host whatever its state.</summary>
    public ValueTask DisposeHostAsync() => _host.DisposeAsync();

    public void Signal(TestSignal signal) => _host.Signal(signal switch
    {
        TestSignal.Terminate => ProxySignal.Terminate,
        TestSignal.Interrupt => ProxySignal.Interrupt,
        _ => ProxySignal.Reload,
    });

    // A host that ended by a signal has disposed itself; that disposing it again is harmless has its own test.
    public ValueTask DisposeAsync() => _host.Completion.IsCompleted ? ValueTask.CompletedTask : _host.DisposeAsync();

    // Over real sockets nothing is reproducible by a seed, so chance stays chance.
    private sealed class SharedRandom : IRandomSource
    {
        public int Next(int bound) => Random.Shared.Next(bound);

        public double NextDouble() => Random.Shared.NextDouble();

        public long NextInt64() => Random.Shared.NextInt64();
    }
}
