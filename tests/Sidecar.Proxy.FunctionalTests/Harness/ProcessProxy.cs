using System.Net;

namespace Sidecar.Proxy.FunctionalTests.Harness;

/// <summary>The proxy as a process: the published binary, or this build on the shared runtime where a process is the point.</summary>
internal sealed class ProcessProxy : IProxyUnderTest
{
    private readonly ProxyProcess _process;

    private ProcessProxy(ProxyProcess process, string configurationFile)
    {
        _process = process;
        ConfigurationFile = configurationFile;
    }

    public required IPEndPoint Reverse { get; init; }

    public required IPEndPoint Admin { get; init; }

    public required IPEndPoint Metrics { get; init; }

    public LogLines Logs => _process.Logs;

    public string ConfigurationFile { get; }

    public Task<int> ExitCode => _process.ExitCode;

    public static async Task<IProxyUnderTest> StartAsync(ProxyKind kind, ProxyStart start, string configurationFile)
    {
        List<string> arguments = ["run", "--config", configurationFile];
        if (start.StateDirectory is not null)
        {
            arguments.AddRange(["--state-dir", start.StateDirectory]);
        }

        if (start.OnInvalid is not null)
        {
            arguments.AddRange(["--on-invalid", start.OnInvalid]);
        }

        arguments.AddRange(start.Arguments ?? []);
        var process = ProxyProcess.Start(ProxyExecutable.PathOf(kind), arguments, start.Environment);
        try
        {
            return new ProcessProxy(process, configurationFile)
            {
                Reverse = await process.EndPointAsync("reverse"),
                Admin = await process.EndPointAsync("admin"),
                Metrics = await process.EndPointAsync("metrics"),
            };
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public void Signal(TestSignal signal) => _process.Signal(signal switch
    {
        TestSignal.Terminate => PosixSignalNumber.Terminate,
        TestSignal.Interrupt => PosixSignalNumber.Interrupt,
        _ => PosixSignalNumber.HangUp,
    });

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
