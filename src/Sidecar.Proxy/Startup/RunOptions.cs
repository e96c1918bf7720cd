using System.Collections.Immutable;
using Sidecar.Proxy.Configuration;

namespace Sidecar.Proxy.Startup;

/// <summary>The arguments of <c>run</c>.</summary>
/// <param name="ConfigFiles"><c>--config</c>, in order; each must exist.</param>
/// <param name="OptionalConfigFiles"><c>--config-optional</c>: skipped when missing, watched all the same; after the others.</param>
/// <param name="Listen"><c>--listen host:port</c>: the reverse listener, when there is no file or beside one.</param>
/// <param name="Upstream"><c>--upstream URL</c>: one route for everything to this address.</param>
/// <param name="Sets"><c>--set path=value</c>, in order.</param>
/// <param name="StateDirectory"><c>--state-dir</c>: the last accepted document is kept here.</param>
/// <param name="OnInvalid"><c>--on-invalid</c>.</param>
public sealed record RunOptions(
    ImmutableArray<string> ConfigFiles,
    ImmutableArray<string> OptionalConfigFiles,
    string? Listen,
    string? Upstream,
    ImmutableArray<string> Sets,
    string? StateDirectory,
    OnInvalid OnInvalid)
{
    /// <summary><c>--pod</c>: outbound and inbound are open at their default ports unless the document says otherwise.</summary>
    public bool IsPod { get; init; }

    /// <summary>Text of <c>SIDECAR_APP_PROBES</c>: the application's own probes; null when there are none.</summary>
    public string? ApplicationProbes { get; init; }
}
