using System.Collections.Immutable;
using System.Globalization;
using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;
using Sidecar.Configuration.Keys;
using Sidecar.Configuration.Routes;

namespace Sidecar.Configuration.Validation;

/// <summary>
/// One call between two pods of a shared configuration passes an outbound route at the caller and an inbound route at the callee.
/// Where both repeat the same answer, a failing callee is asked twice over. Failures to connect do not count: the other side does
/// not see them, or nothing was sent.
/// </summary>
internal static class DoubleRetryRules
{
    private const int MaxListed = 3;

    // Every outbound route against every inbound one. A warning is a courtesy: a document that needs more gets it for the first.
    private const int MaxPairs = 250_000;

    /// <summary>Warns once for each outbound route, with the first inbound route that can get its calls.</summary>
    public static void Check(ImmutableArray<RouteConfiguration> routes, ObjectNode document, ProblemList problems)
    {
        var callees = Repeating(routes, Direction.Inbound);
        foreach (var caller in Repeating(routes, Direction.Outbound).Take(MaxPairs / Math.Max(1, callees.Count)))
        {
            if (callees.Find(callee => caller.Answers.Overlaps(callee.Answers) && caller.Reach.CanMeet(callee.Reach)) is not { } callee)
            {
                continue;
            }

            var (outbound, inbound) = (caller.Reach.Route.Id, callee.Reach.Route.Id);
            var common = caller.Answers.Intersect(callee.Answers).ToList();
            problems.Warning(
                document.Find(DocumentKeys.Routes.Name, outbound) ?? document,
                $"routes '{outbound}' (outbound) and '{inbound}' (inbound) both retry on {string.Join(", ", common.Take(MaxListed).Select(Name))}{(common.Count > MaxListed ? ", …" : "")}: "
                + "a call between two pods of this configuration is repeated on both sides; leave it to the caller, and write retryOn: [connect-failure, unsent] inbound");
        }
    }

    private static List<RepeatingRoute> Repeating(ImmutableArray<RouteConfiguration> routes, Direction direction) =>
    [
        .. routes
            .Where(route => route.Direction == direction && route.Policy.Retry is { MaxRetries: > 0 })
            .Select(route => new RepeatingRoute(new RouteReach(route), Answers(route.Policy.Retry!)))
            .Where(route => route.Answers.Count > 0),
    ];

    /// <summary>What an upstream must answer to be asked again: statuses, and conditions of gRPC as negative numbers.</summary>
    private static HashSet<int> Answers(RetryPolicy retry)
    {
        var answers = new HashSet<int>();
        AddIf(RetryConditions.Retriable4xx, 409);
        AddIf(RetryConditions.GatewayError, 502, 503, 504);
        AddIf(RetryConditions.ServerError, [.. Enumerable.Range(500, 100)]);
        answers.UnionWith(retry.Statuses.Items);
        foreach (var (_, condition) in RetryTrigger.Words.Tokens.Where(word => RetryConditions.AnyGrpc.HasFlag(word.Value)))
        {
            AddIf(condition, -(int)condition);
        }

        return answers;

        void AddIf(RetryConditions condition, params int[] added)
        {
            if (retry.RetryOn.HasFlag(condition))
            {
                answers.UnionWith(added);
            }
        }
    }

    private static string Name(int answer) =>
        answer > 0 ? answer.ToString(CultureInfo.InvariantCulture) : RetryTrigger.Words.TokenOf((RetryConditions)(-answer));

    private sealed record RepeatingRoute(RouteReach Reach, HashSet<int> Answers);
}
