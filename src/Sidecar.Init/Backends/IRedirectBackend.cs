using Sidecar.Init.Rules;

namespace Sidecar.Init.Backends;

/// <summary>What came of changing rules: one or more lines for the operator.</summary>
public sealed record RulesOutcome(bool IsSuccess, string Message)
{
    /// <summary>Done.</summary>
    public static RulesOutcome Done(string message) => new(true, message);

    /// <summary>Not done; everything is as it was.</summary>
    public static RulesOutcome Failed(string message) => new(false, message);
}

/// <summary>Puts rules into the kernel and takes them out; only ever its own.</summary>
public interface IRedirectBackend
{
    /// <summary>Replaces what an earlier run made, in one step: all or nothing.</summary>
    Task<RulesOutcome> ApplyAsync(RedirectRules rules);

    /// <summary>Asks the kernel whether it would take the rules; changes nothing.</summary>
    Task<RulesOutcome> TryAsync(RedirectRules rules);

    /// <summary>Removes what was applied; succeeds when there is nothing.</summary>
    Task<RulesOutcome> CleanAsync();
}
