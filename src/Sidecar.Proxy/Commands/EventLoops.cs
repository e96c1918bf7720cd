using System.Globalization;
using Sidecar.Contract;
using Sidecar.Proxy.Sockets;

namespace Sidecar.Proxy.Commands;

/// <summary>
/// Scheduling for a sidecar: completions of sockets run on the event loop that saw them, and there are as many loops as
/// cores granted. Fewer hops between threads per request is worth more here than spreading over every core of a node
/// that belongs to the application. HTTP runs on loops of our own, what is not HTTP on the platform's: as many of each, never busy at once
/// with the same connection. The runtime reads both variables when the first socket is made, so they are set before.
/// </summary>
public static class EventLoops
{
    /// <summary>The runtime's switch: run continuations on the event loop.</summary>
    public const string InlineCompletionsVariable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>The runtime's number of event loops.</summary>
    public const string ThreadCountVariable = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT";

    /// <summary>Largest number that <c>SIDECAR_EVENT_LOOPS</c> accepts.</summary>
    public const int Max = 64;

    // Two loops keep one slow continuation from stopping everything; more of them only cost memory when nothing says
    // how much of the machine is ours.
    private const int DefaultMax = 2;

    /// <summary>Sets the variables that the operator did not set.</summary>
    /// <returns>Null, or what is wrong with <c>SIDECAR_EVENT_LOOPS</c>.</returns>
    public static string? Configure()
    {
        if (!TryDecide(Environment.GetEnvironmentVariable(EnvironmentVariables.EventLoops), CgroupQuota.Read(ReadFile), Environment.ProcessorCount, out var count, out var problem))
        {
            return problem;
        }

        EventLoopGroup.Size = count;
        SetUnlessSet(InlineCompletionsVariable, "1");
        SetUnlessSet(ThreadCountVariable, count.ToString(CultureInfo.InvariantCulture));
        return null;
    }

    /// <summary>The number of event loops: what is written, else ⌈quota⌉ (no more than there are cores), else min(2, cores).</summary>
    /// <param name="written"><c>SIDECAR_EVENT_LOOPS</c>; null or empty when not set.</param>
    /// <param name="quota">Cores granted; null when there is no quota.</param>
    /// <param name="cores">Cores of the machine that the process may use.</param>
    /// <param name="count">At least 1.</param>
    /// <param name="problem">What is wrong with <paramref name="written"/> when the result is false.</param>
    public static bool TryDecide(string? written, double? quota, int cores, out int count, out string? problem)
    {
        problem = null;
        if (string.IsNullOrEmpty(written))
        {
            count = quota is { } granted ? Math.Clamp((int)Math.Ceiling(granted), 1, Math.Max(1, cores)) : Math.Clamp(cores, 1, DefaultMax);
            return true;
        }

        if (int.TryParse(written, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count is >= 1 and <= Max)
        {
            return true;
        }

        problem = $"{EnvironmentVariables.EventLoops}=\"{written}\" is not a number from 1 to {Max}";
        return false;
    }

    private static void SetUnlessSet(string name, string value)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)))
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }

    private static string? ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
