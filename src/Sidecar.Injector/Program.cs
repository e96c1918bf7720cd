using Sidecar.Injector.Commands;
using Sidecar.Injector.Control;

var environment = new CommandEnvironment(
    RawOutput: Console.OpenStandardOutput(),
    Output: Console.Out,
    Error: Console.Error,
    Input: Console.OpenStandardInput(),
    Variable: Environment.GetEnvironmentVariable,
    Time: TimeProvider.System,
    Signals: ProcessSignals.Register,
    Backends: static (options, log, time) => ClusterBackends.Start(options, log, time, Environment.GetEnvironmentVariable));
return await InjectorCommandLine.RunAsync(args, environment);
