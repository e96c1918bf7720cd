using System.Collections.Immutable;
using Sidecar.Configuration;
using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Configuration;

/// <summary>What is known of one file, for <c>/readyz?verbose</c>.</summary>
/// <param name="Name">As the operator wrote it.</param>
/// <param name="IsOptional">Given by <c>--config-optional</c>.</param>
/// <param name="IsPresent">It was there when last read.</param>
public sealed record ConfigFileStatus(string Name, bool IsOptional, bool IsPresent);

/// <summary>All configuration files at one moment.</summary>
/// <param name="Sources">The texts that could be read, in order.</param>
/// <param name="Problems">What could not be read.</param>
/// <param name="Files">Each file, present or not.</param>
/// <param name="IsRequiredFileMissing">A <c>--config</c> file does not exist: exit 64 at the start, whatever <c>--on-invalid</c> says.</param>
/// <param name="Digest">Changes with every byte of every file, with presence and with readability.</param>
public sealed record ConfigFileReading(
    ImmutableArray<ConfigurationSource> Sources,
    ImmutableArray<ConfigurationProblem> Problems,
    ImmutableArray<ConfigFileStatus> Files,
    bool IsRequiredFileMissing,
    string Digest);

/// <summary>The files of <c>--config</c> and <c>--config-optional</c>. Used by one thread at a time.</summary>
/// <param name="required"><c>--config</c>, in order: a missing one is a problem.</param>
/// <param name="optional"><c>--config-optional</c>, after the others: a missing one is skipped.</param>
public sealed class ConfigFileSet(ImmutableArray<string> required, ImmutableArray<string> optional)
{
    /// <summary>
    /// Largest file that is read: four times what a ConfigMap can hold (1 MiB,
    /// https://kubernetes.io/docs/concepts/configuration/configmap/), small enough never to endanger a sidecar's memory.
    /// </summary>
    public const int MaxFileBytes = 4 * 1024 * 1024;

    private readonly ConfigFile[] _files =
    [
        .. required.Select(path => new ConfigFile(path, isOptional: false)),
        .. optional.Select(path => new ConfigFile(path, isOptional: true)),
    ];

    /// <summary>Are there any?</summary>
    public bool IsEmpty => _files.Length == 0;

    /// <summary>
    /// Where each file really is, its size and its time of change. A different stamp asks for a new
    /// <see cref="Read"/>; an equal one does not quite prove that nothing changed (see <see cref="ConfigFileWatcher"/>).
    /// </summary>
    public string Stamp() => string.Join('\n', _files.Select(file => file.Stamp()));

    /// <summary>Reads every file. Never throws for what is in the file system.</summary>
    public ConfigFileReading Read()
    {
        var sources = ImmutableArray.CreateBuilder<ConfigurationSource>();
        var problems = ImmutableArray.CreateBuilder<ConfigurationProblem>();
        var statuses = ImmutableArray.CreateBuilder<ConfigFileStatus>();
        var isRequiredFileMissing = false;
        var digest = default(ContentHash);
        foreach (var file in _files)
        {
            var content = file.Read();
            statuses.Add(new ConfigFileStatus(file.Name, file.IsOptional, !content.IsMissing));
            if (content.Text is not null)
            {
                sources.Add(new ConfigurationSource(file.Name, content.Text));
            }
            else if (!content.IsMissing || !file.IsOptional)
            {
                problems.Add(new ConfigurationProblem(new SourceLocation(file.Name, 0, "(file)"), content.Problem!));
                isRequiredFileMissing |= content.IsMissing;
            }

            var part = content.Text ?? content.Problem!;
            digest.Add($"{file.Name}\0{content.Text is not null}\0{part.Length}\0");
            digest.Add(part);
        }

        if (sources.Count > 0 && statuses[0] is { IsPresent: false } first)
        {
            sources[0] = sources[0] with { MissingFirst = first.Name };
        }

        return new ConfigFileReading(
            sources.ToImmutable(),
            problems.ToImmutable(),
            statuses.ToImmutable(),
            isRequiredFileMissing,
            digest.ToString());
    }
}
