using System.CommandLine;
using System.Net.Sockets;
using Sidecar.Contract;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Startup;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Commands;

/// <summary><c>run</c>: the proxy itself.</summary>
public static class RunCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create(CommandEnvironment environment)
    {
        var config = CommandOptions.Config();
        var configOptional = CommandOptions.ConfigOptional();
        var sets = CommandOptions.Set();
        var listen = new Option<string?>("--listen")
        {
            HelpName = "host:port",
            Description = "Listen here as a reverse proxy; without a file, or in place of what the file says.",
        };
        var upstream = new Option<string?>("--upstream")
        {
            HelpName = "URL",
            Description = "Send everything that no other route matches to this http:// or https:// address.",
        };
        var pod = CommandOptions.Pod();
        var stateDirectory = new Option<string?>("--state-dir")
        {
            HelpName = "DIR",
            Description = "Keep the last accepted configuration in this directory.",
        };
        var onInvalid = new Option<string>("--on-invalid")
        {
            HelpName = "exit|last-good|defaults",
            Description = "When the first configuration is invalid: exit with 64, start on the last accepted one of --state-dir (else on the defaults), or start on the built-in defaults without routes.",
            DefaultValueFactory = static _ => "exit",
        };
        onInvalid.AcceptOnlyFromAmong("exit", "last-good", "defaults");

        var command = new ExampleCommand("run", "Run the proxy.",
        [
            "sidecar-proxy run --listen 127.0.0.1:8080 --upstream http://127.0.0.1:9000 --set retry.maxRetries=2",
            "sidecar-proxy run --config sidecar.yaml",
            "sidecar-proxy run --config base.yaml --config-optional local.yaml --set /listeners.admin=off",
        ])
        {
            config, configOptional, listen, upstream, pod, sets, stateDirectory, onInvalid,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new RunOptions(
                [.. parsed.GetValue(config) ?? []],
                [.. parsed.GetValue(configOptional) ?? []],
                parsed.GetValue(listen),
                parsed.GetValue(upstream),
                [.. parsed.GetValue(sets) ?? []],
                parsed.GetValue(stateDirectory),
                ParseOnInvalid(parsed.GetValue(onInvalid)))
            {
                IsPod = parsed.GetValue(pod),
                ApplicationProbes = Environment.GetEnvironmentVariable(EnvironmentVariables.ApplicationProbes),
            },
            environment,
            cancellationToken));
        return command;
    }

    /// <summary>Starts, hands signals over, and returns the exit code when it has ended.</summary>
    public static async Task<int> RunAsync(RunOptions options, CommandEnvironment environment, CancellationToken cancellationToken)
    {
        if (Misuse(options) is { } misuse)
        {
            environment.Error.WriteLine(misuse);
            return ExitCodes.Usage;
        }

        using var relay = new SignalRelay();
        using var signals = environment.Signals(relay.Receive);
        using var starting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, relay.StartCancelled);
        try
        {
            var proxy = await environment.Start(options, environment.HostEnvironment, starting.Token);
            relay.Connect(proxy.Signal);
            var ended = await Task.WhenAny(proxy.Completion, relay.Impatient);
            return ended == proxy.Completion ? await proxy.Completion : ExitCodes.Failed;
        }
        catch (OperationCanceledException) when (relay.StartCancelled.IsCancellationRequested)
        {
            // Told to end before anything was accepted: nothing was lost.
            return ExitCodes.Ok;
        }
        catch (ConfigurationInvalidException e)
        {
            ProblemOutput.Write(environment.Error, e.Problems);
            return ExitCodes.Usage;
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
        {
            // The configuration was accepted, so standard error carries JSON lines too. Kestrel's message names the
            // address and the reason.
            FailureLine.Write(environment.Error, environment.Time, LogEvents.ListenFailed, e.Message);
            return ExitCodes.Failed;
        }
    }

    private static string? Misuse(RunOptions options)
    {
        var hasFile = options.ConfigFiles.Length + options.OptionalConfigFiles.Length > 0;
        return (hasFile, options.Listen, options.Upstream) switch
        {
            (false, null, null) when !options.IsPod => "Nothing to run: give --config FILE, or --listen HOST:PORT and --upstream URL, or in a pod --pod.",
            (false, null, not null) => "--upstream without a configuration file needs --listen HOST:PORT.",
            (false, not null, null) => "--listen without a configuration file needs --upstream URL.",
            _ => null,
        };
    }

    private static OnInvalid ParseOnInvalid(string? word) => word switch
    {
        "last-good" => OnInvalid.LastGood,
        "defaults" => OnInvalid.Defaults,
        _ => OnInvalid.Exit,
    };
}
