using System.CommandLine;
using System.Net.Sockets;
using Sidecar.Configuration.Effective;
using Sidecar.Contract;
using Sidecar.Injector.Serving;
using Sidecar.Injector.Telemetry;

namespace Sidecar.Injector.Commands;

/// <summary><c>serve</c>: the webhooks.</summary>
internal static class ServeCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create(CommandEnvironment environment)
    {
        var flags = new ServeFlags();
        var command = new ExampleCommand("serve", "Answer the API server's admission reviews. SIGTERM: not ready at once, what is in flight is finished.",
        [
            "sidecar-injector serve --settings /etc/sidecar-injector/settings.yaml",
            "sidecar-injector serve --kubernetes none --certificates files --certificate-dir ./tls --listen 127.0.0.1:8443 --listen-plain 127.0.0.1:8080",
        ]);
        flags.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            try
            {
                return await RunAsync(flags.Read(parsed, environment), environment, cancellationToken);
            }
            catch (UsageException e)
            {
                foreach (var problem in e.Problems)
                {
                    await environment.Error.WriteLineAsync(problem);
                }

                return ExitCodes.Usage;
            }
        });
        return command;
    }

    private static async Task<int> RunAsync(ServeOptions options, CommandEnvironment environment, CancellationToken cancellationToken)
    {
        await using var log = new EventLog(environment.RawOutput, environment.Time);
        log.Write(LogSeverity.Info, InjectorEvents.Started, [.. Versions.Facts.Select(static fact => (fact.Name, (string?)fact.Value))]);

        // The first signal ends the service, the second one the patience.
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var impatient = new CancellationTokenSource();
        using var signals = environment.Signals(() =>
        {
            if (!told.TrySetResult())
            {
                impatient.Cancel();
            }
        });
        using var cancelled = cancellationToken.Register(() => told.TrySetResult());
        await using var backends = environment.Backends(options, log, environment.Time);
        await using var server = new InjectorServer(options, backends, Versions.Product, log, environment.Time);
        try
        {
            await server.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
        {
            log.Write(LogSeverity.Error, InjectorEvents.ListenFailed, ("reason", e.Message));
            return ExitCodes.Failed;
        }

        environment.Started?.Invoke(server);
        await told.Task;
        await server.StopAsync(options.ShutdownDelay, impatient.Token);
        log.Write(LogSeverity.Info, InjectorEvents.Stopped);
        return impatient.IsCancellationRequested ? ExitCodes.Failed : ExitCodes.Ok;
    }
}
