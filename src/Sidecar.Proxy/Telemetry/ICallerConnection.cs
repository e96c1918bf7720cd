using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Telemetry;

/// <summary>The connection a request came in by, as far as the account of a request concerns it.</summary>
public interface ICallerConnection
{
    /// <summary>Which way its traffic goes.</summary>
    Direction Direction { get; }

    /// <summary>A request of it begins.</summary>
    void RequestBegins();

    /// <summary>That request has ended, whatever came of it.</summary>
    void RequestEnded();
}
