using System.CommandLine;
using System.CommandLine.Parsing;
using Sidecar.Init.Options;

namespace Sidecar.Init.Commands;

/// <summary>The options of <see cref="RedirectOption.All"/> on the command line. Text only: one reader validates flags and environment alike.</summary>
internal sealed class RedirectFlags
{
    private readonly Dictionary<RedirectOption, Option<string>> _flags = RedirectOption.All.ToDictionary(static option => option, Flag);

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in RedirectOption.All)
        {
            command.Options.Add(_flags[option]);
        }
    }

    /// <summary>Reads them and the environment.</summary>
    public (RedirectOptions? Options, IReadOnlyList<string> Problems) Read(ParseResult parsed, CommandEnvironment environment) =>
        RedirectOptionsReader.Read(option => parsed.GetResult(_flags[option]) is { Tokens: [.., var last] } ? last.Value : null, environment.Variable);

    private static Option<string> Flag(RedirectOption option)
    {
        var annotation = option.Annotation is null ? "" : $", annotation {option.Annotation}";
        return new Option<string>(option.Flag)
        {
            HelpName = option.ValueName,
            Description = $"{option.Description} [default: {(option.Default.Length == 0 ? "none" : option.Default)}; environment {option.Variable}{annotation}]",
            Arity = ArgumentArity.ExactlyOne,
        };
    }
}
