using Sidecar.Proxy.LoadBalancing;

namespace Sidecar.Proxy.Startup;

/// <summary>What the process asks of a running proxy.</summary>
public enum ProxySignal
{
    /// <summary>SIGTERM: drain, then end.</summary>
    Terminate,

    /// <summary>SIGINT: drain without the accept window, then end.</summary>
    Interrupt,

    /// <summary>SIGHUP: read the configuration again.</summary>
    Reload,
}

/// <summary>What the proxy gets from its process.</summary>
/// <param name="Time">The clock.</param>
/// <param name="Random">The chance.</param>
/// <param name="Output">JSON lines go here.</param>
/// <param name="Error">Plain text until the configuration is accepted; JSON lines after.</param>
public sealed record HostEnvironment(TimeProvider Time, IRandomSource Random, Stream Output, TextWriter Error);
