using Sidecar.Contract;
using Sidecar.Init.Backends;
using Sidecar.Init.Commands;

if (!OperatingSystem.IsLinux())
{
    Console.Error.WriteLine("sidecar-init needs Linux: it writes rules of nftables or iptables.");
    return ExitCodes.Failed;
}

var environment = new CommandEnvironment(
    Output: Console.Out,
    Error: Console.Error,
    Variable: Environment.GetEnvironmentVariable,
    Programs: new ProgramRunner(TimeProvider.System, Environment.GetEnvironmentVariable("PATH")),
    Facts: static () => SystemFacts.Current,
    Time: TimeProvider.System);
return await InitCommandLine.RunAsync(args, environment);
