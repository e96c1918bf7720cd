using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration;

/// <summary>One finding about a document.</summary>
/// <param name="Location">Where: file, line (0 when unknown), path such as <c>routes.orders.policy.retry.maxRetries</c>.</param>
/// <param name="Message">What is wrong, with the offending value, and what to do.</param>
public sealed record ConfigurationProblem(SourceLocation Location, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Location}: {Message}";
}

/// <summary>A text to read: its name is what messages call it.</summary>
/// <param name="Name">File name as the operator wrote it, or <c>--set</c>, <c>--listen</c>.</param>
/// <param name="Text">YAML or JSON; decided by the first character that is not white space (<c>{</c> is JSON).</param>
public sealed record ConfigurationSource(string Name, string Text)
{
    /// <summary>
    /// Defaults of whoever starts the process: objects merge key by key under what all other sources and the overrides say, wherever it
    /// stands among them. It may hold any key, and no <c>version</c>, which stays the document's to write.
    /// </summary>
    public bool IsDefault { get; init; }

    /// <summary>
    /// Name of the first file of those given, when this is the first that exists: what may stand here is decided by the order in which
    /// files are given, not by which of them are there, so that no file changes its verdict when another one appears. Null: this is the first.
    /// </summary>
    public string? MissingFirst { get; init; }
}

/// <summary>One <c>--set path=value</c>.</summary>
/// <param name="Expression">As typed. A path without leading <c>/</c> starts at <c>policies.default</c>, with it at the document root.</param>
public sealed record ConfigurationOverride(string Expression);

/// <summary>The outcome of reading: a configuration when there is no error, and every finding in any case.</summary>
/// <param name="Configuration">Null when <paramref name="Errors"/> is not empty.</param>
/// <param name="Errors">All of them at once (at most <see cref="ConfigurationLoader.MaxProblems"/>, then a line that counts the rest).</param>
/// <param name="Warnings">What is probably not meant.</param>
/// <param name="MergedDocument">The merged document as canonical JSON (for <c>--state-dir</c> and the revision hash); null on errors.</param>
public sealed record ConfigurationResult(
    SidecarConfiguration? Configuration,
    IReadOnlyList<ConfigurationProblem> Errors,
    IReadOnlyList<ConfigurationProblem> Warnings,
    string? MergedDocument);
