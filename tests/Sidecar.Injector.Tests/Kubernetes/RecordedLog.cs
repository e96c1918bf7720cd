using System.Collections.Concurrent;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Tests.Kubernetes;

/// <summary>Keeps every event.</summary>
internal sealed class RecordedLog : IControlLog
{
    public ConcurrentQueue<(ControlLevel Level, string Name, string Message)> Events { get; } = new();

    public void Write(ControlLevel level, string name, string message) => Events.Enqueue((level, name, message));

    public int Count(string name) => Events.Count(item => item.Name == name);
}
