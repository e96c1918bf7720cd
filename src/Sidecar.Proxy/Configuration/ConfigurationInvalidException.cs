using Sidecar.Configuration;

namespace Sidecar.Proxy.Configuration;

/// <summary>The proxy does not start because of its configuration: exit 64, one line per problem.</summary>
/// <param name="problems">Every finding; at least one.</param>
public sealed class ConfigurationInvalidException(IReadOnlyList<ConfigurationProblem> problems)
    : Exception(problems.Count == 1 ? problems[0].ToString() : $"{problems.Count} configuration errors, the first: {problems[0]}")
{
    /// <summary>Every finding.</summary>
    public IReadOnlyList<ConfigurationProblem> Problems { get; } = problems;
}
