using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Certificates;

/// <summary>Counts every failure and says each different one once, until something works again.</summary>
internal sealed class ProblemMemory(CertificateStatus status, IControlLog log)
{
    // A hostile or flapping cause must not fill this.
    private const int MaxRemembered = 16;

    private readonly HashSet<string> _said = new(StringComparer.Ordinal);

    /// <summary>Something failed.</summary>
    public void Report(string eventName, string message)
    {
        status.CountError();
        if (_said.Count < MaxRemembered && _said.Add(message))
        {
            log.Write(ControlLevel.Error, eventName, message);
        }
    }

    /// <summary>It works.</summary>
    public void Solved() => _said.Clear();
}
