using Sidecar.Configuration;
using Sidecar.Contract;
using Sidecar.Proxy.Commands;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Startup;

// Before anything that could make a socket: the runtime reads its scheduling once.
if (EventLoops.Configure() is { } problem)
{
    Console.Error.WriteLine(problem);
    return ExitCodes.Usage;
}

var environment = new CommandEnvironment(
    RawOutput: StandardStreams.Output(),
    Output: StandardStreams.OutputText(),
    Error: StandardStreams.ErrorText(),
    Input: StandardStreams.Input(),
    IsTerminal: !Console.IsOutputRedirected,
    Time: TimeProvider.System,
    Random: new SystemRandomSource(),
    Load: DocumentReading.Create(),
    Check: RunningConfiguration.Check,
    PrintEffective: static configuration => EffectiveDocument.Write(configuration),
    Schema: ConfigurationSchema.Write,
    Start: static async (options, host, cancellationToken) =>
    {
        var proxy = await ProxyHost.StartAsync(options, host, cancellationToken);
        return new RunningProxy(proxy.Completion, proxy.Signal);
    },
    Signals: ProcessSignals.Register);
return await SidecarCommandLine.RunAsync(args, environment, CancellationToken.None);
