using System.CommandLine;
using System.CommandLine.Parsing;
using Sidecar.Contract;

namespace Sidecar.Proxy.Commands;

/// <summary>Options that several commands share.</summary>
internal static class CommandOptions
{
    /// <summary><c>--config FILE</c>, repeatable.</summary>
    public static Option<string[]> Config() => new("--config")
    {
        HelpName = "FILE",
        Description = "Configuration file, YAML or JSON; repeatable: in later ones an id of routes, policies or clusters replaces the earlier entry.",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary><c>--config-optional FILE</c>, repeatable.</summary>
    public static Option<string[]> ConfigOptional() => new("--config-optional")
    {
        HelpName = "FILE",
        Description = "Like --config, after the others; skipped while it does not exist.",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary><c>--pod</c>.</summary>
    public static Option<bool> Pod() => new("--pod")
    {
        Description = $"Open listeners.outbound ({Ports.Outbound}) and listeners.inbound ({Ports.Inbound}) unless the configuration says otherwise; set by the injector. Works without a file: then everything goes where the application dialled.",
    };

    /// <summary><c>--set path=value</c>, repeatable.</summary>
    public static Option<string[]> Set() => new("--set")
    {
        HelpName = "path=value",
        Description = "Set one value on top of the files; repeatable. The path starts at policies.default; with a leading / at the document root.",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary><c>--address host:port</c> of the admin listener.</summary>
    public static Option<string> Address()
    {
        var option = new Option<string>("--address")
        {
            HelpName = "host:port",
            Description = "The proxy's admin listener.",
            DefaultValueFactory = static _ => $"127.0.0.1:{Ports.Admin}",
        };
        option.Validators.Add(static result =>
        {
            var text = result.Tokens.Count == 0 ? null : result.Tokens[0].Value;
            if (text is not null && !Uri.TryCreate($"http://{text}/", UriKind.Absolute, out _))
            {
                result.AddError($"--address \"{text}\" is not host:port.");
            }
        });
        return option;
    }

    /// <summary><c>--timeout DURATION</c>.</summary>
    public static Option<TimeSpan> Timeout(TimeSpan defaultValue, string description) => new("--timeout")
    {
        HelpName = "duration",
        Description = $"{description} [default: {DurationArgument.Format(defaultValue)}]",
        CustomParser = ParseDuration,

        // No default value factory: the default would be printed as 00:00:30.
    };

    private static TimeSpan ParseDuration(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (DurationArgument.TryParse(text, out var duration))
        {
            return duration;
        }

        result.AddError($"--timeout \"{text}\" is not a duration such as 250ms, 5s or 1m30s.");
        return default;
    }
}
