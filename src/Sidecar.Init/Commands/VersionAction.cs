using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sidecar.Contract;

namespace Sidecar.Init.Commands;

/// <summary><c>--version</c>, in the lines of <c>sidecar-proxy version</c>: the runtime inside is what a security fix changes.</summary>
internal sealed class VersionAction(CommandEnvironment environment) : SynchronousCommandLineAction
{
#if NET10_0_OR_GREATER
    private const string Framework = "net10.0";
#else
    private const string Framework = "net9.0";
#endif

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var informational = typeof(VersionAction).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+') ?? [];
        environment.Output.WriteLine($"sidecar-init {informational.ElementAtOrDefault(0) ?? "unknown"}");
        environment.Output.WriteLine($"commit     {informational.ElementAtOrDefault(1) ?? "unknown"}");
        environment.Output.WriteLine($"framework  {Framework}, {(RuntimeFeature.IsDynamicCodeSupported ? "JIT" : "Native AOT")}");
        environment.Output.WriteLine($"runtime    {RuntimeInformation.FrameworkDescription}");
        environment.Output.WriteLine($"platform   {RuntimeInformation.RuntimeIdentifier}");
        return ExitCodes.Ok;
    }
}
