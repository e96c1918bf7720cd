using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;
using Sidecar.Configuration.Keys;
using Sidecar.Configuration.Merging;

namespace Sidecar.Configuration.Validation;

/// <summary>
/// Ids that must be defined elsewhere. Works on what is written, not on what was read, so that a route with another
/// mistake still has its references checked.
/// </summary>
internal sealed class ReferenceRules
{
    private readonly ObjectNode? _routes;
    private readonly ObjectNode? _policies;
    private readonly ObjectNode? _clusters;
    private readonly ProblemList _problems;
    private readonly bool _isPart;

    private ReferenceRules(ObjectNode document, bool isPart, ProblemList problems)
    {
        _isPart = isPart;
        _routes = document[DocumentKeys.Routes.Name] as ObjectNode;
        _policies = document[DocumentKeys.Policies.Name] as ObjectNode;
        _clusters = document[DocumentKeys.Clusters.Name] as ObjectNode;
        _problems = problems;
    }

    /// <summary>Reports unknown clusters and policies, and bases that go in circles.</summary>
    /// <param name="document">What is written.</param>
    /// <param name="isPart">Other documents, not at hand, may define what this one does not: unknown ids are warnings.</param>
    /// <param name="problems">Gets the findings.</param>
    public static void Check(ObjectNode document, bool isPart, ProblemList problems)
    {
        var rules = new ReferenceRules(document, isPart, problems);
        foreach (var route in rules._routes?.Members.Values.OfType<ObjectNode>() ?? [])
        {
            rules.CheckId(route[RouteKeys.Cluster.Name], "cluster", rules._clusters);
            var policy = route[RouteKeys.Policy.Name];
            rules.CheckId((policy as ObjectNode)?[PolicyKeys.Base.Name] ?? policy, "policy", rules._policies);
        }

        foreach (var (id, policy) in rules._policies?.Members ?? new Dictionary<string, DocumentNode>())
        {
            if ((policy as ObjectNode)?[PolicyKeys.Base.Name] is { } written)
            {
                rules.CheckBase(id, written);
            }
        }
    }

    private void CheckId(DocumentNode? written, string noun, ObjectNode? defined)
    {
        // The default policy exists even when it is not written. Anything but a text is reported by the key's reader.
        if (written is not ScalarNode { Kind: ScalarKind.String, IsOff: false } id
            || defined?[id.Text] is not null
            || (noun == "policy" && id.Text == ConfigurationDefaults.DefaultPolicyId))
        {
            return;
        }

        if (noun == "cluster" && id.Text == RouteConfiguration.OriginalClusterId)
        {
            _problems.Error(written, $"there is no cluster {MessageText.Quote(id.Text)}: for where the application dialled, write forwardTo: {id.Text} in place of cluster");
            return;
        }

        var ids = defined?.Members.Keys ?? [];
        var suggestion = Suggestion.For(id.Text, ids, _problems);
        if (_isPart)
        {
            _problems.Warning(written, $"{noun} {MessageText.Quote(id.Text)} is not defined here{(suggestion.Length > 0 ? suggestion : "")}: another document must define it");
            return;
        }

        _problems.Error(written, $"there is no {noun} {MessageText.Quote(id.Text)}{(suggestion.Length > 0 ? suggestion : $": define it, or write the id of one that is")}");
    }

    private void CheckBase(string id, DocumentNode written)
    {
        if (id == ConfigurationDefaults.DefaultPolicyId)
        {
            _problems.Error(written, "the default policy is what every policy starts from and has no base: remove it");
            return;
        }

        CheckId(written, "policy", _policies);
        var chain = new List<string> { id };
        for (var next = written; next is ScalarNode { Text: var baseId } && baseId != ConfigurationDefaults.DefaultPolicyId;)
        {
            var isCircle = chain.Contains(baseId);
            chain.Add(baseId);
            if (baseId == id)
            {
                _problems.Error(written, $"policies go in a circle, {string.Join(" → ", chain.Select(link => MessageText.Escape(link)))}: remove one base");
            }
            else if (chain.Count > PolicyComposer.MaxBases + 1)
            {
                _problems.Error(written, $"more than {PolicyComposer.MaxBases} policies stand behind {MessageText.Quote(id)}, base behind base: shorten the chain");
            }
            else if (!isCircle)
            {
                next = (_policies?[baseId] as ObjectNode)?[PolicyKeys.Base.Name];
                continue;
            }

            // A circle further up is reported by its members.
            return;
        }
    }
}
