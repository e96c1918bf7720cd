using System.Net;
using Sidecar.Configuration;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Configuration;

namespace Sidecar.Proxy.Admin;

/// <summary>Where the process is in its life.</summary>
public enum LifeState
{
    /// <summary>Not listening yet.</summary>
    Starting,

    /// <summary>Traffic is welcome.</summary>
    Ready,

    /// <summary>Draining: not ready, requests in flight that came in are finished.</summary>
    Draining,

    /// <summary>Nothing that came in is in flight any more.</summary>
    Drained,
}

/// <summary>What the probes say.</summary>
/// <param name="State">Only <see cref="LifeState.Ready"/> answers 200 on <c>/readyz</c>.</param>
/// <param name="Reasons">Why it is not ready; empty when it is.</param>
/// <param name="Degraded">What works with less than was asked for (<c>/readyz?verbose</c>); never a reason to be not ready.</param>
/// <param name="Overloaded">Limits above 90 % for 5 s: <c>/healthz</c> answers 503 with them.</param>
public sealed record HealthView(
    LifeState State,
    IReadOnlyList<string> Reasons,
    IReadOnlyList<string> Degraded,
    IReadOnlyList<string> Overloaded);

/// <summary>Numbers of the process since its start; memory and collections are added by the endpoint itself.</summary>
/// <param name="Requests">Requests that ended.</param>
/// <param name="InFlight">Requests that did not end yet.</param>
/// <param name="Connections">Open downstream connections.</param>
/// <param name="Uptime">Since the start.</param>
/// <param name="LostLogLines">Lines that were not written because the output was blocked.</param>
/// <param name="LostSpans">Spans that were not exported.</param>
public readonly record struct StatsView(
    long Requests,
    long InFlight,
    long Connections,
    TimeSpan Uptime,
    long LostLogLines,
    long LostSpans)
{
    /// <summary>What a drain waits for: inbound and reverse.</summary>
    public TrafficView Inbound { get; init; }
}

/// <summary>Traffic of a part of the listeners.</summary>
/// <param name="InFlight">Requests that did not end yet, and connections that are carried as TCP.</param>
/// <param name="Connections">Open downstream connections.</param>
public readonly record struct TrafficView(long InFlight, long Connections);

/// <summary>What became of a changing request.</summary>
public enum AdminOutcome
{
    /// <summary>Done.</summary>
    Accepted,

    /// <summary>Refused: the header <c>x-sidecar-admin</c> was missing.</summary>
    HeaderMissing,

    /// <summary>Refused: the <c>Host</c> is not a loopback name.</summary>
    HostNotLoopback,

    /// <summary>Refused: a parameter is missing or wrong.</summary>
    InvalidParameter,
}

/// <summary>The audit trail of one changing request.</summary>
/// <param name="Action"><c>drain</c>, <c>quitquitquit</c> or <c>log-level</c>.</param>
/// <param name="Value">What was asked for, from a closed list; empty when none or invalid.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Peer">Who asked.</param>
public readonly record struct AdminAction(string Action, string Value, AdminOutcome Outcome, IPEndPoint? Peer);
