using System.Collections.Immutable;
using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Documents;

/// <summary>Collects every finding, each once, up to a bound that a hostile document cannot push.</summary>
/// <param name="files">Sources in the order given; findings are listed in this order, others after them, each by line.</param>
internal sealed class ProblemList(params ImmutableArray<string> files)
{
    private readonly Findings _errors = new();
    private readonly Findings _warnings = new();

    /// <summary>Number of errors reported so far, repeated and dropped ones included: it grows with every mistake.</summary>
    public int ErrorCount => _errors.Reported;

    /// <summary>No further error will be read by anyone: what only makes a message better need not be computed.</summary>
    public bool IsFull => _errors.IsFull;

    /// <summary>What must be mended.</summary>
    public IReadOnlyList<ConfigurationProblem> Errors => _errors.ToList(files);

    /// <summary>What is probably not meant.</summary>
    public IReadOnlyList<ConfigurationProblem> Warnings => _warnings.ToList(files);

    /// <summary>Adds an error about a value.</summary>
    public void Error(DocumentNode node, string message) => Error(node.Location, message);

    /// <summary>Adds an error about a place.</summary>
    public void Error(SourceLocation location, string message) => _errors.Add(new ConfigurationProblem(location, message));

    /// <summary>Adds a warning about a value.</summary>
    public void Warning(DocumentNode node, string message) => _warnings.Add(new ConfigurationProblem(node.Location, message));

    private sealed class Findings
    {
        private readonly List<ConfigurationProblem> _kept = [];
        private readonly HashSet<ConfigurationProblem> _known = [];

        private int _dropped;

        public int Reported { get; private set; }

        public bool IsFull => _kept.Count >= ConfigurationLoader.MaxProblems;

        // One mistake in a shared policy is found once per route that uses it: say it once.
        public void Add(ConfigurationProblem problem)
        {
            Reported++;
            if (IsFull)
            {
                _dropped++;
            }
            else if (_known.Add(problem))
            {
                _kept.Add(problem);
            }
        }

        public List<ConfigurationProblem> ToList(ImmutableArray<string> files)
        {
            var sorted = _kept
                .OrderBy(problem => (uint)files.IndexOf(problem.Location.File))
                .ThenBy(problem => problem.Location.Line)
                .ToList();
            if (_dropped > 0)
            {
                sorted.Add(new ConfigurationProblem(_kept[0].Location with { Line = 0, Path = NodePath.Root.ToString() }, $"and {_dropped} more"));
            }

            return sorted;
        }
    }
}
