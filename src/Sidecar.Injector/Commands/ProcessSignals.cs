using System.Runtime.InteropServices;

namespace Sidecar.Injector.Commands;

/// <summary>SIGTERM and SIGINT; the default action (sudden death) is off while registered.</summary>
public sealed class ProcessSignals : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;

    private ProcessSignals(Action receive) => _registrations = [On(PosixSignal.SIGTERM, receive), On(PosixSignal.SIGINT, receive)];

    /// <summary>Calls back, on a thread of the pool, until disposed.</summary>
    public static IDisposable Register(Action receive) => new ProcessSignals(receive);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private static PosixSignalRegistration On(PosixSignal signal, Action receive) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        receive();
    });
}
