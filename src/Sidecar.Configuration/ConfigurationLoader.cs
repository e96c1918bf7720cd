using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;
using Sidecar.Configuration.Merging;

namespace Sidecar.Configuration;

/// <summary>Texts to the effective configuration.</summary>
public static class ConfigurationLoader
{
    /// <summary>Most errors, and most warnings, that one reading reports; no operator reads more, and a hostile document must not make more.</summary>
    public const int MaxProblems = 500;

    /// <summary>What runs when nothing usable is given: no routes, the admin and metrics listeners at their default addresses. New each time.</summary>
    public static SidecarConfiguration BuiltInDefaults => new(
        ConfigurationDefaults.Listeners,
        ConfigurationDefaults.Limits,
        ConfigurationDefaults.Telemetry,
        ConfigurationDefaults.Shutdown,
        Routes: [],
        Clusters: []);

    /// <summary>
    /// Reads every source, merges them, lays the overrides over them, checks everything and compiles it. Never throws for
    /// what a text says: every finding is in the result.
    /// </summary>
    /// <param name="sources">
    /// In order; none is the document <c>version: 1</c>. A source without content is an error: a file that is being rewritten in place
    /// is empty for a moment.
    /// </param>
    /// <param name="overrides"><c>--set</c>, in order, after the sources.</param>
    /// <param name="environment">What reading may know of the world.</param>
    public static ConfigurationResult Load(
        IReadOnlyList<ConfigurationSource> sources, IReadOnlyList<ConfigurationOverride> overrides, ConfigurationEnvironment environment)
    {
        var problems = new ProblemList([.. sources.Select(source => source.Name)]);
        var documents = sources.Select(source => DocumentReader.Read(source, problems)).ToList();
        if (documents.Contains(null))
        {
            // Half of what was meant: everything else would be reported as missing.
            return new ConfigurationResult(Configuration: null, problems.Errors, problems.Warnings, MergedDocument: null);
        }

        var read = documents.OfType<ObjectNode>().Zip(sources).ToLookup(item => item.Second.IsDefault, item => item.First);
        var first = sources.FirstOrDefault(source => !source.IsDefault)?.MissingFirst;
        var merged = DocumentMerge.Combine([.. first is null ? [] : (ObjectNode[])[DocumentMerge.ImpliedBy(first)], .. read[false]], problems);
        merged = read[true].Aggregate(merged, (written, defaults) => (ObjectNode)DocumentMerge.Overlay(defaults, written));
        merged = DocumentOverrides.Apply(merged, overrides, problems);
        var configuration = ConfigurationCompiler.Compile(merged, environment, problems);
        return problems.ErrorCount > 0
            ? new ConfigurationResult(Configuration: null, problems.Errors, problems.Warnings, MergedDocument: null)
            : new ConfigurationResult(configuration, problems.Errors, problems.Warnings, CanonicalJson.Write(merged));
    }
}
