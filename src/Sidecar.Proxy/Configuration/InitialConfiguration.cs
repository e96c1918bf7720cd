using Sidecar.Configuration;

namespace Sidecar.Proxy.Configuration;

/// <summary>Where the running configuration came from.</summary>
public enum ConfigurationOrigin
{
    /// <summary>What the operator wrote: files and flags.</summary>
    Written,

    /// <summary>The last accepted document of <c>--state-dir</c>, because what was written is invalid.</summary>
    LastGood,

    /// <summary>Built in: no routes, because what was written is invalid.</summary>
    Defaults,
}

/// <summary>What a proxy starts on.</summary>
/// <param name="Accepted">A result without errors; null: do not start, exit 64 with the errors of what was written.</param>
/// <param name="Origin">Where it came from.</param>
/// <param name="Reason">One sentence on why it is not what was written, for <c>/readyz?verbose</c> and the log; null when it is.</param>
public sealed record InitialConfiguration(ConfigurationResult? Accepted, ConfigurationOrigin Origin, string? Reason)
{
    /// <summary>Decides what to start on. Pure: documents are read only by the given functions, and only when needed.</summary>
    /// <param name="written">What files and flags gave, the engine's own check included.</param>
    /// <param name="isRequiredFileMissing">A <c>--config</c> file does not exist: that is bad usage, which <c>--on-invalid</c> does not excuse.</param>
    /// <param name="onInvalid"><c>--on-invalid</c>.</param>
    /// <param name="loadLastGood">Loads the last accepted document; null when there is none.</param>
    /// <param name="loadDefaults">Loads the built-in defaults.</param>
    public static InitialConfiguration Decide(
        ConfigurationResult written,
        bool isRequiredFileMissing,
        OnInvalid onInvalid,
        Func<ConfigurationResult?> loadLastGood,
        Func<ConfigurationResult> loadDefaults)
    {
        if (written.Errors.Count == 0)
        {
            return new InitialConfiguration(written, ConfigurationOrigin.Written, Reason: null);
        }

        if (isRequiredFileMissing || onInvalid == OnInvalid.Exit)
        {
            return new InitialConfiguration(null, ConfigurationOrigin.Written, Invalid(written));
        }

        var lastGoodSays = "";
        if (onInvalid == OnInvalid.LastGood)
        {
            switch (loadLastGood())
            {
                case { Errors.Count: 0 } lastGood:
                    return new InitialConfiguration(
                        lastGood, ConfigurationOrigin.LastGood, $"{Invalid(written)}; running on the last accepted one");
                case { } broken:
                    // Accepted by another version of the program, or damaged.
                    lastGoodSays = $"; the last accepted one is invalid too ({broken.Errors[0]})";
                    break;
                default:
                    lastGoodSays = "; none was accepted before";
                    break;
            }
        }

        return new InitialConfiguration(
            loadDefaults(), ConfigurationOrigin.Defaults, $"{Invalid(written)}{lastGoodSays}; running on the built-in defaults, without routes");
    }

    private static string Invalid(ConfigurationResult written) => written.Errors.Count == 1
        ? $"the written configuration is invalid ({written.Errors[0]})"
        : $"the written configuration is invalid ({written.Errors.Count} errors, the first: {written.Errors[0]})";
}
