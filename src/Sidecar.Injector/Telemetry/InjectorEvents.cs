using System.Collections.Immutable;

namespace Sidecar.Injector.Telemetry;

/// <summary>Every event name of a log line: a closed list, so that searches and alerts can rely on it.</summary>
public static class InjectorEvents
{
    /// <summary>The process started.</summary>
    public const string Started = "started";

    /// <summary>A listener accepts connections.</summary>
    public const string Listening = "listening";

    /// <summary>A listener could not be opened.</summary>
    public const string ListenFailed = "listen-failed";

    /// <summary>Not ready from now on; requests are still answered.</summary>
    public const string ShutdownStarted = "shutdown-started";

    /// <summary>The process ends.</summary>
    public const string Stopped = "stopped";

    /// <summary>A pod got the sidecar.</summary>
    public const string PodInjected = "pod-injected";

    /// <summary>A pod did not; says why.</summary>
    public const string PodSkipped = "pod-skipped";

    /// <summary>A request was no review that can be answered.</summary>
    public const string ReviewRefused = "review-refused";

    /// <summary>A ConfigMap with a document was refused.</summary>
    public const string DocumentRefused = "document-refused";

    /// <summary>Lines were lost because standard output was blocked; says how many.</summary>
    public const string LogLinesLost = "log-lines-lost";

    /// <summary>A defect of ours.</summary>
    public const string InternalError = "internal-error";

    /// <summary>All of them.</summary>
    public static ImmutableArray<string> All { get; } =
    [
        Started, Listening, ListenFailed, ShutdownStarted, Stopped, PodInjected, PodSkipped, ReviewRefused, DocumentRefused, LogLinesLost, InternalError,
    ];
}
