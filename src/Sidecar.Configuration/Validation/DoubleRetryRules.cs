using System.Collections.Immutable;
using System.Globalization;
using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;
using Sidecar.Configuration.Keys;
using Sidecar.Configuration.Routes;

namespace Sidecar.Configuration.Validation;

/// <summary>
/// One call between two pods of a shared configuration passes an outbound route at the caller and an inbound route at the callee.
/// Where both repeat the same answer, a failing callee gets the product of both. Failures to connect do not count: the other side
/// does not see them, or nothing was sent.
/// </summary>
internal static class DoubleRetryRules
{
    private const int MaxListed = 3;

    /// <summary>Warns once for each outbound route, with the first inbound route that can get its calls.</summary>
    public static void Check(ImmutableArray<RouteConfiguration> routes, ObjectNode document, ProblemList problems)
    {
        var inbound = Repeating(routes, Direction.Inbound);
        foreach (var caller in Repeating(routes, Direction.Outbound))
        {
            if (inbound.FirstOrDefault(callee => Common(caller, callee).Count > 0 && caller.CanMeet(callee)) is not { } callee)
            {
                continue;
            }

            var common = Common(caller, callee);
            problems.Warning(
                document.Find(DocumentKeys.Routes.Name, caller.Route.Id) ?? document,
                $"routes '{caller.Route.Id}' (outbound) and '{callee.Route.Id}' (inbound) both retry on {string.Join(", ", common.Take(MaxListed))}{(common.Count > MaxListed ? ", …" : "")}: "
                + "a call between two pods of this configuration is repeated on both sides; leave it to the caller, and write retryOn: [connect-failure, unsent] inbound");
        }
    }

    private static List<RouteReach> Repeating(ImmutableArray<RouteConfiguration> routes, Direction direction) =>
    [
        .. routes
            .Where(route => route.Direction == direction && route.Policy.Retry is { MaxRetries: > 0 } retry && Answers(retry).Any())
            .Select(route => new RouteReach(route)),
    ];

    private static List<string> Common(RouteReach caller, RouteReach callee) =>
        [.. Answers(caller.Route.Policy.Retry!).Intersect(Answers(callee.Route.Policy.Retry!))];

    /// <summary>What an upstream must answer to be asked again: statuses and gRPC words.</summary>
    private static IEnumerable<string> Answers(RetryPolicy retry)
    {
        IEnumerable<int> statuses =
        [
            .. retry.Statuses.Items,
            .. retry.RetryOn.HasFlag(RetryConditions.Retriable4xx) ? [409] : Array.Empty<int>(),
            .. retry.RetryOn.HasFlag(RetryConditions.GatewayError) ? [502, 503, 504] : Array.Empty<int>(),
            .. retry.RetryOn.HasFlag(RetryConditions.ServerError) ? Enumerable.Range(500, 100) : [],
        ];
        return statuses.Distinct().Select(status => status.ToString(CultureInfo.InvariantCulture))
            .Concat(RetryTrigger.Words.Tokens
                .Where(word => (word.Value & RetryConditions.AnyGrpc) != RetryConditions.None && retry.RetryOn.HasFlag(word.Value))
                .Select(word => word.Token));
    }
}
