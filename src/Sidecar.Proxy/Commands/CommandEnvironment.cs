using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Startup;

namespace Sidecar.Proxy.Commands;

/// <summary>A proxy that was started.</summary>
/// <param name="Completion">Ends with the exit code.</param>
/// <param name="Signal">Hands a signal over; returns at once.</param>
public sealed record RunningProxy(Task<int> Completion, Action<ProxySignal> Signal);

/// <summary>Starts a proxy; returns when it listens.</summary>
/// <exception cref="ConfigurationInvalidException">The configuration was refused.</exception>
/// <exception cref="IOException">An address could not be listened on.</exception>
public delegate Task<RunningProxy> StartProxy(RunOptions options, HostEnvironment environment, CancellationToken cancellationToken);

/// <summary>Everything the commands need from outside, so that they run in a test without a process.</summary>
/// <param name="RawOutput">Standard output as bytes, for the proxy's JSON lines.</param>
/// <param name="Output">Standard output as text.</param>
/// <param name="Error">Standard error.</param>
/// <param name="Input">Standard input, for <c>validate --config -</c>.</param>
/// <param name="IsTerminal">Standard output is a terminal that can be redrawn.</param>
/// <param name="Time">The clock.</param>
/// <param name="Random">The chance.</param>
/// <param name="Load">Reads documents.</param>
/// <param name="Check">The engine's own check of a configuration.</param>
/// <param name="PrintEffective">The whole effective document, every default included.</param>
/// <param name="Schema">The JSON Schema of the document.</param>
/// <param name="Start">Starts a proxy.</param>
/// <param name="Signals">Calls back for each signal to the process until disposed.</param>
public sealed record CommandEnvironment(
    Stream RawOutput,
    TextWriter Output,
    TextWriter Error,
    Stream Input,
    bool IsTerminal,
    TimeProvider Time,
    IRandomSource Random,
    LoadConfiguration Load,
    CheckConfiguration Check,
    Func<SidecarConfiguration, string> PrintEffective,
    Func<string> Schema,
    StartProxy Start,
    Func<Action<ProxySignal>, IDisposable> Signals)
{
    /// <summary>What a proxy started by a command gets.</summary>
    public HostEnvironment HostEnvironment => new(Time, Random, RawOutput, Error);
}
