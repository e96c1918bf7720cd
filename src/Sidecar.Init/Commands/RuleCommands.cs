using System.CommandLine;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Sidecar.Contract;
using Sidecar.Init.Backends;
using Sidecar.Init.Options;
using Sidecar.Init.Rules;

namespace Sidecar.Init.Commands;

/// <summary><c>apply</c>, <c>print</c> and <c>clean</c>.</summary>
internal static class RuleCommands
{
    /// <summary><c>--dry-run</c> of <c>apply</c>.</summary>
    public static Option<bool> DryRun { get; } = new("--dry-run") { Description = "Let the kernel check the rules and change nothing." };

    /// <summary>Writes the rules.</summary>
    public static async Task<int> ApplyAsync(RedirectOptions options, ParseResult parsed, CommandEnvironment environment)
    {
        var rules = RedirectRules.Of(options);
        var backend = Backend(options.Backend, environment);
        if (parsed.GetValue(DryRun))
        {
            return Report(await backend.TryAsync(rules), environment);
        }

        using var uninterrupted = new DeferredSignals();
        var outcome = await backend.ApplyAsync(rules);
        return Report(outcome with
        {
            Message = outcome.IsSuccess
                ? $"{outcome.Message}; outbound TCP goes to port {options.OutboundPort}, inbound TCP to port {options.InboundPort}"
                : outcome.Message,
        }, environment);
    }

    /// <summary>Prints the rules.</summary>
    public static async Task<int> PrintAsync(RedirectOptions options, ParseResult parsed, CommandEnvironment environment)
    {
        var rules = RedirectRules.Of(options);
        if (options.Backend == RedirectBackend.Nft)
        {
            await environment.Output.WriteAsync($"# nft -f -\n{RuleSetWriter.Nft(rules)}");
            return ExitCodes.Ok;
        }

        await environment.Output.WriteAsync($"# iptables-restore --noflush\n{RuleSetWriter.Iptables(rules, AddressFamily.InterNetwork)}");
        if (options.IsIpv6Redirected)
        {
            await environment.Output.WriteAsync($"\n# ip6tables-restore --noflush\n{RuleSetWriter.Iptables(rules, AddressFamily.InterNetworkV6)}");
        }

        return ExitCodes.Ok;
    }

    /// <summary>Removes the rules of both backends, as far as their programs are installed: without its program a backend has made nothing.</summary>
    public static async Task<int> CleanAsync(CommandEnvironment environment)
    {
        using var uninterrupted = new DeferredSignals();
        var installed = new[] { (Program: NftBackend.Program, Backend: RedirectBackend.Nft), (Program: "iptables-save", Backend: RedirectBackend.Iptables) }
            .Where(pair => environment.Programs.Has(pair.Program))
            .Select(static pair => pair.Backend)
            .ToArray();
        if (installed.Length == 0)
        {
            await environment.Error.WriteLineAsync("Cannot remove the rules: neither nft nor iptables-save is installed. Install the package nftables or iptables, whichever applied them.");
            return ExitCodes.Failed;
        }

        // Both, even if one fails.
        var code = ExitCodes.Ok;
        foreach (var backend in installed)
        {
            code = Math.Max(code, Report(await Backend(backend, environment).CleanAsync(), environment));
        }

        return code;
    }

    private static IRedirectBackend Backend(RedirectBackend backend, CommandEnvironment environment) => backend == RedirectBackend.Nft
        ? new NftBackend(environment.Programs, environment.Facts())
        : new IptablesBackend(environment.Programs, environment.Facts());

    private static int Report(RulesOutcome outcome, CommandEnvironment environment)
    {
        (outcome.IsSuccess ? environment.Output : environment.Error).WriteLine(outcome.Message);
        return outcome.IsSuccess ? ExitCodes.Ok : ExitCodes.Failed;
    }

    /// <summary>While it lives, signals that would end the process are ignored: between the two families of iptables half of the rules would stay. It is a matter of milliseconds.</summary>
    private sealed class DeferredSignals : IDisposable
    {
        private readonly PosixSignalRegistration[] _registrations = Array.ConvertAll(
            new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP },
            static signal => PosixSignalRegistration.Create(signal, static context => context.Cancel = true));

        public void Dispose() => Array.ForEach(_registrations, static registration => registration.Dispose());
    }
}
