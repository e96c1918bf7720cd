using System.Runtime.InteropServices;
using Sidecar.Proxy.Startup;

namespace Sidecar.Proxy.Commands;

/// <summary>The operating system's signals as the proxy's words; the default action (sudden death) is off while registered.</summary>
public sealed class ProcessSignals : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;

    private ProcessSignals(Action<ProxySignal> receive)
    {
        List<PosixSignalRegistration> registrations =
        [
            On(PosixSignal.SIGTERM, ProxySignal.Terminate, receive),
            On(PosixSignal.SIGINT, ProxySignal.Interrupt, receive),
        ];
        if (!OperatingSystem.IsWindows())
        {
            // On Windows this would be the closing of the console window.
            registrations.Add(On(PosixSignal.SIGHUP, ProxySignal.Reload, receive));
        }

        _registrations = [.. registrations];
    }

    /// <summary>Calls back, on a thread of the pool, until disposed.</summary>
    public static IDisposable Register(Action<ProxySignal> receive) => new ProcessSignals(receive);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private static PosixSignalRegistration On(PosixSignal signal, ProxySignal meaning, Action<ProxySignal> receive) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            receive(meaning);
        });
}
