using System.Text;
using Sidecar.Injector.Commands;
using Sidecar.Injector.Control;
using Sidecar.Injector.Serving;
using Sidecar.TestKit.Network;

namespace Sidecar.Injector.Tests.Commands;

/// <summary>The command line: of the executable that <c>SIDECAR_INJECTOR_BINARY</c> names (<c>make test</c> names the native one), else in this process.</summary>
internal static class InjectorUnderTest
{
    private const string Variable = "SIDECAR_INJECTOR_BINARY";

    public static string? Binary { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? Path.GetFullPath(path) : null;

    public static Task<CommandResult> RunAsync(params string[] arguments) => Binary is null ? RunInProcessAsync("", arguments) : ProxyProcess.RunAsync(Binary, arguments);

    public static async Task<CommandResult> RunInProcessAsync(string input, params string[] arguments)
    {
        using var raw = new MemoryStream();
        await using var output = new StreamWriter(raw, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
        await using var error = new StringWriter();
        var code = await InjectorCommandLine.RunAsync(arguments, Surroundings(raw, output, error, input));
        return new CommandResult(code, Encoding.UTF8.GetString(raw.ToArray()), error.ToString());
    }

    public static CommandEnvironment Surroundings(Stream raw, TextWriter output, TextWriter error, string input = "", Action<InjectorServer>? started = null, Func<Action, IDisposable>? signals = null) => new(
        raw,
        output,
        error,
        new MemoryStream(Encoding.UTF8.GetBytes(input)),
        static _ => null,
        TimeProvider.System,
        signals ?? (static _ => new MemoryStream()),
        static (options, log, time) => ClusterBackends.Start(options, log, time, static _ => null),
        started);
}
