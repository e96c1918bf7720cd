using Sidecar.Injector.Serving;

namespace Sidecar.Injector.Commands;

/// <summary>What commands use of the outside, so that they run in a test without a process.</summary>
/// <param name="RawOutput">Standard output as bytes: manifests, and the JSON lines of <c>serve</c>.</param>
/// <param name="Output">Standard output as text.</param>
/// <param name="Error">Standard error.</param>
/// <param name="Input">Standard input, for <c>-f -</c>.</param>
/// <param name="Variable">An environment variable; null when it is not set.</param>
/// <param name="Time">The clock.</param>
/// <param name="Signals">Calls back for each signal that ends the process, until disposed.</param>
/// <param name="Backends">Starts what <c>serve</c> stands on.</param>
/// <param name="Started">Told when <c>serve</c> listens; null when nobody wants to know.</param>
public sealed record CommandEnvironment(
    Stream RawOutput,
    TextWriter Output,
    TextWriter Error,
    Stream Input,
    Func<string, string?> Variable,
    TimeProvider Time,
    Func<Action, IDisposable> Signals,
    StartBackends Backends,
    Action<InjectorServer>? Started = null);
