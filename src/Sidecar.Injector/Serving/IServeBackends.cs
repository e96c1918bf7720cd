using Sidecar.Injector.Admission;
using Sidecar.Injector.Injection;
using Sidecar.Injector.Telemetry;

namespace Sidecar.Injector.Serving;

/// <summary>What <c>serve</c> stands on: the cluster, the certificate, the validator, and whatever runs beside the listeners to keep them true.</summary>
public interface IServeBackends : IAsyncDisposable
{
    /// <summary>For decisions.</summary>
    IClusterView Cluster { get; }

    /// <summary>For handshakes.</summary>
    IServingCertificate Certificate { get; }

    /// <summary>For /validate; null: not built in.</summary>
    IDocumentValidator? Documents { get; }

    /// <summary>Why requests should not come yet, a missing certificate included; empty when they should.</summary>
    IReadOnlyList<string> NotReady { get; }

    /// <summary>Adds families to /metrics, in Prometheus' text format.</summary>
    void WriteMetrics(TextWriter writer);
}

/// <summary>Starts them; returns at once, they become ready by themselves.</summary>
public delegate IServeBackends StartBackends(ServeOptions options, EventLog log, TimeProvider time);
