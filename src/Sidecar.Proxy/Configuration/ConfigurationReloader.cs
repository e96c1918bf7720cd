using Sidecar.Configuration;

namespace Sidecar.Proxy.Configuration;

/// <summary>What reloads tell about themselves; for the log and <c>sidecar.config.reloads</c>.</summary>
public interface IReloadEvents
{
    /// <summary>Accepted and running. <paramref name="isChanged"/> is false when the document means byte for byte what it did.</summary>
    void Accepted(ConfigurationRevision revision, ReloadTrigger trigger, bool isChanged);

    /// <summary>Refused; the configuration before it stays.</summary>
    void Rejected(IReadOnlyList<ConfigurationProblem> problems, ReloadTrigger trigger);

    /// <summary>The accepted document could not be kept in the state directory.</summary>
    void NotKept(string reason);
}

/// <summary>Turns readings of the files into running configurations: at the start, and again whenever they change.</summary>
/// <param name="load">Reads documents.</param>
/// <param name="check">The engine's own check.</param>
/// <param name="compose">Adds flags to files (<see cref="CommandLineSources.Compose"/>).</param>
/// <param name="state">Where the last accepted document is kept; null: nowhere.</param>
public sealed class ConfigurationReloader(
    LoadConfiguration load,
    CheckConfiguration check,
    Func<IReadOnlyList<ConfigurationSource>, ConfigurationInput> compose,
    StateDirectory? state)
{
    /// <summary>What to start on.</summary>
    public (InitialConfiguration Initial, IReadOnlyList<ConfigurationProblem> Errors) Start(ConfigFileReading reading, OnInvalid onInvalid)
    {
        var written = Read(reading);
        var initial = InitialConfiguration.Decide(
            written,
            reading.IsRequiredFileMissing,
            onInvalid,
            () => state?.Load() is { } source ? LoadUnderFlags(source) : null,
            () => LoadUnderFlags(CommandLineSources.BuiltInDefaults));
        return (initial, written.Errors);
    }

    // What --set and --listen say is not written in the file that is invalid: a pod's grace period, say. Unless it is what is invalid.
    private ConfigurationResult LoadUnderFlags(ConfigurationSource source)
    {
        var result = Checked(load([source], compose([source]).Overrides));
        return result.Errors.Count == 0 ? result : Checked(load([source], []));
    }

    /// <summary>Keeps what was accepted for the next start.</summary>
    /// <returns>Null when kept or nowhere to keep, else why not.</returns>
    public string? Keep(ConfigurationResult accepted) => accepted.MergedDocument is { } document ? state?.Save(document) : null;

    /// <summary>Reads, checks, and swaps or refuses. Never throws for bad input.</summary>
    public void Reload(ConfigFileReading reading, ReloadTrigger trigger, ConfigurationStore store, IReloadEvents events)
    {
        var result = Read(reading);
        if (result.Errors.Count > 0)
        {
            store.Reject(result.Errors, reading.Files);
            events.Rejected(result.Errors, trigger);
            return;
        }

        var before = store.Current;
        var now = store.Swap(result, reading.Files);
        events.Accepted(now, trigger, isChanged: now.Revision != before.Revision);
        if (Keep(result) is { } reason)
        {
            events.NotKept(reason);
        }
    }

    /// <summary>Files, flags, document checks and engine check in one result; every error of every stage that could run.</summary>
    public ConfigurationResult Read(ConfigFileReading reading)
    {
        var input = compose(reading.Sources);
        var result = Checked(load(input.Sources, input.Overrides));
        return reading.Problems.Length == 0
            ? result
            : new ConfigurationResult(null, [.. reading.Problems, .. result.Errors], result.Warnings, null);
    }

    private ConfigurationResult Checked(ConfigurationResult result)
    {
        if (result.Configuration is null)
        {
            return result;
        }

        var problems = check(result.Configuration);
        return problems.Count == 0 ? result : new ConfigurationResult(null, problems, result.Warnings, null);
    }
}
