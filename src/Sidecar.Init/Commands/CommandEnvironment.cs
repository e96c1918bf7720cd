using Sidecar.Init.Backends;

namespace Sidecar.Init.Commands;

/// <summary>What commands use of the outside.</summary>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="Variable">An environment variable; null when it is not set.</param>
/// <param name="Programs">Runs nft and iptables.</param>
/// <param name="Facts">About this process and machine; read when needed, since help must work anywhere.</param>
/// <param name="Time">Limits waiting.</param>
public sealed record CommandEnvironment(
    TextWriter Output,
    TextWriter Error,
    Func<string, string?> Variable,
    IProgramRunner Programs,
    Func<SystemFacts> Facts,
    TimeProvider Time);
