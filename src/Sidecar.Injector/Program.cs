using Sidecar.Injector.Commands;
using Sidecar.Injector.Serving;

var environment = new CommandEnvironment(
    RawOutput: Console.OpenStandardOutput(),
    Output: Console.Out,
    Error: Console.Error,
    Input: Console.OpenStandardInput(),
    Variable: Environment.GetEnvironmentVariable,
    Time: TimeProvider.System,
    Signals: ProcessSignals.Register,
    Backends: static (options, log, time) => StandaloneBackends.Start(options));
return await InjectorCommandLine.RunAsync(args, environment);
