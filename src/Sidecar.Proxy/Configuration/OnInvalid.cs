namespace Sidecar.Proxy.Configuration;

/// <summary>What happens when the first configuration is invalid (<c>--on-invalid</c>).</summary>
public enum OnInvalid
{
    /// <summary>Print every error and exit 64 (default).</summary>
    Exit,

    /// <summary>Start on the last accepted document of <c>--state-dir</c>, else on the built-in defaults.</summary>
    LastGood,

    /// <summary>Start on the built-in defaults: no routes.</summary>
    Defaults,
}
