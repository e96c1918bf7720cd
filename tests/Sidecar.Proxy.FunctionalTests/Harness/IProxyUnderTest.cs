using System.Net;

namespace Sidecar.Proxy.FunctionalTests.Harness;

/// <summary>Signals a proxy understands.</summary>
public enum TestSignal
{
    /// <summary>SIGTERM: drain and stop.</summary>
    Terminate,

    /// <summary>SIGINT: the same without the accept window.</summary>
    Interrupt,

    /// <summary>SIGHUP: read the configuration again.</summary>
    Reload,
}

/// <summary>How to start a proxy.</summary>
/// <param name="Document">The configuration document.</param>
/// <param name="StateDirectory"><c>--state-dir</c>.</param>
/// <param name="OnInvalid"><c>--on-invalid</c>.</param>
/// <param name="Arguments">Further arguments; only processes take them.</param>
/// <param name="Environment">Further environment variables; only processes take them.</param>
public sealed record ProxyStart(
    string Document,
    string? StateDirectory = null,
    string? OnInvalid = null,
    IReadOnlyList<string>? Arguments = null,
    IReadOnlyDictionary<string, string>? Environment = null)
{
    /// <summary>A file that exists already, in place of <see cref="Document"/>.</summary>
    public string? ConfigurationFile { get; init; }
}

/// <summary>A running proxy: the same tests run against each implementation.</summary>
public interface IProxyUnderTest : IAsyncDisposable
{
    /// <summary>The reverse listener.</summary>
    IPEndPoint Reverse { get; }

    /// <summary>The admin listener.</summary>
    IPEndPoint Admin { get; }

    /// <summary>The metrics listener.</summary>
    IPEndPoint Metrics { get; }

    /// <summary>Lines of standard output.</summary>
    LogLines Logs { get; }

    /// <summary>The configuration file it watches.</summary>
    string ConfigurationFile { get; }

    /// <summary>Completes with the exit code.</summary>
    Task<int> ExitCode { get; }

    /// <summary>Sends a signal.</summary>
    void Signal(TestSignal signal);
}
