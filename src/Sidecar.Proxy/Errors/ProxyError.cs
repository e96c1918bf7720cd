namespace Sidecar.Proxy.Errors;

/// <summary>
/// The closed vocabulary of failure: who failed at which stage. Status, gRPC status, log level, metric label and
/// header are looked up in <see cref="ProxyErrorTable"/>, never decided elsewhere.
/// </summary>
public enum ProxyError : byte
{
    /// <summary>Nothing failed.</summary>
    None,

    /// <summary>NR: no route matched.</summary>
    NoRoute,

    /// <summary>UH: no healthy destination.</summary>
    NoHealthyDestination,

    /// <summary>CB: the circuit is open.</summary>
    CircuitOpen,

    /// <summary>UF: no connection to the upstream was made.</summary>
    ConnectFailed,

    /// <summary>UC: the upstream closed or reset.</summary>
    UpstreamClosed,

    /// <summary>UP: the upstream broke the protocol.</summary>
    UpstreamProtocol,

    /// <summary>UT: the request timeout ran out.</summary>
    RequestTimeout,

    /// <summary>PT: the per-try timeout ran out.</summary>
    PerTryTimeout,

    /// <summary>RB: the retry budget is exhausted; stands beside the last outcome's flag.</summary>
    RetryBudgetExhausted,

    /// <summary>URX: the retry limit is exhausted; stands beside the last outcome's flag.</summary>
    RetryLimitExceeded,

    /// <summary>OV: over a concurrency or connection limit.</summary>
    Overloaded,

    /// <summary>RL: rate limited.</summary>
    RateLimited,

    /// <summary>FB: a fallback answered.</summary>
    FallbackAnswered,

    /// <summary>FI: a fault was injected.</summary>
    FaultInjected,

    /// <summary>DI: a delay was injected.</summary>
    DelayInjected,

    /// <summary>DR: draining.</summary>
    Draining,

    /// <summary>LD: the destination is the proxy itself.</summary>
    Loop,

    /// <summary>BR: a malformed request was refused.</summary>
    MalformedRequest,

    /// <summary>DC: the caller went away.</summary>
    CallerGone,

    /// <summary>IE: our own defect.</summary>
    InternalDefect,
}
