using Sidecar.Configuration;
using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Configuration;

/// <summary>One accepted configuration.</summary>
/// <param name="Configuration">What it means.</param>
/// <param name="Revision">Twelve hexadecimal digits, a <see cref="ContentHash"/> of the merged document: equal documents, equal revision.</param>
/// <param name="LoadedAt">When it was accepted.</param>
/// <param name="Origin">Where it came from.</param>
/// <param name="Reason">Why it is not what was written; null when it is.</param>
/// <param name="Warnings">What is probably not meant.</param>
public sealed record ConfigurationRevision(
    SidecarConfiguration Configuration,
    string Revision,
    DateTimeOffset LoadedAt,
    ConfigurationOrigin Origin,
    string? Reason,
    IReadOnlyList<ConfigurationProblem> Warnings)
{
    /// <summary>The revision of a merged document.</summary>
    public static string Hash(string mergedDocument)
    {
        var hash = default(ContentHash);
        hash.Add(mergedDocument);
        return hash.ToString()[..12];
    }
}

/// <summary>A reload that was refused; the configuration before it stays.</summary>
/// <param name="At">When.</param>
/// <param name="Problems">Every finding.</param>
public sealed record ConfigurationRejection(DateTimeOffset At, IReadOnlyList<ConfigurationProblem> Problems);

/// <summary>
/// The running configuration. Reading takes no lock; swapping is one write, after which the listeners are told in the
/// order in which they subscribed.
/// </summary>
public sealed class ConfigurationStore
{
    private readonly TimeProvider _time;
    private readonly Lock _writing = new();
    private readonly List<Action<ConfigurationRevision>> _listeners = [];
    private volatile ConfigurationRevision _current;
    private volatile ConfigurationRejection? _lastRejection;
    private volatile ConfigFileStatus[] _files;
    private long _accepted = 1;

    /// <summary>Starts with what <see cref="InitialConfiguration"/> decided.</summary>
    /// <exception cref="ArgumentException">Nothing was accepted.</exception>
    public ConfigurationStore(InitialConfiguration initial, IReadOnlyList<ConfigFileStatus> files, TimeProvider time)
    {
        _time = time;
        _files = [.. files];
        _current = initial.Accepted is { } accepted
            ? NewRevision(accepted, initial.Origin, initial.Reason)
            : throw new ArgumentException("There is no accepted configuration to start with.", nameof(initial));
    }

    /// <summary>What is running.</summary>
    public ConfigurationRevision Current => _current;

    /// <summary>How many configurations were accepted since the start, this one included.</summary>
    public long RevisionNumber => Interlocked.Read(ref _accepted);

    /// <summary>The last refused reload; null when the last one was accepted, or there was none.</summary>
    public ConfigurationRejection? LastRejection => _lastRejection;

    /// <summary>Each configuration file, present or not.</summary>
    public IReadOnlyList<ConfigFileStatus> Files => _files;

    /// <summary>Calls the listener after every swap. A listener must not throw: what can fail is checked before.</summary>
    public void Subscribe(Action<ConfigurationRevision> listener)
    {
        lock (_writing)
        {
            _listeners.Add(listener);
        }
    }

    /// <summary>Puts an accepted configuration in place of the current one.</summary>
    /// <param name="accepted">A result without errors.</param>
    /// <param name="files">The files it was read from.</param>
    public ConfigurationRevision Swap(ConfigurationResult accepted, IReadOnlyList<ConfigFileStatus> files)
    {
        lock (_writing)
        {
            var next = NewRevision(accepted, ConfigurationOrigin.Written, reason: null);
            _files = [.. files];
            _current = next;
            _lastRejection = null;
            Interlocked.Increment(ref _accepted);
            foreach (var listener in _listeners)
            {
                listener(next);
            }

            return next;
        }
    }

    /// <summary>Remembers a refused reload; nothing else changes.</summary>
    public void Reject(IReadOnlyList<ConfigurationProblem> problems, IReadOnlyList<ConfigFileStatus> files)
    {
        lock (_writing)
        {
            _files = [.. files];
            _lastRejection = new ConfigurationRejection(_time.GetUtcNow(), problems);
        }
    }

    private ConfigurationRevision NewRevision(ConfigurationResult accepted, ConfigurationOrigin origin, string? reason) => new(
        accepted.Configuration ?? throw new ArgumentException("The result has errors.", nameof(accepted)),
        ConfigurationRevision.Hash(accepted.MergedDocument ?? ""),
        _time.GetUtcNow(),
        origin,
        reason,
        accepted.Warnings);
}
