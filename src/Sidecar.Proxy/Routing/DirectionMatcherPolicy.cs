using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Interception;
using Yarp.ReverseProxy.Model;

namespace Sidecar.Proxy.Routing;

/// <summary>
/// Routes match the traffic of their own listener only; and on intercepted traffic <c>port</c> is the port that was
/// dialled, whatever <c>Host</c> says: that is only a label there (PRODUCT §4).
/// </summary>
/// <param name="isIntercepting">
/// The proxy has intercepted listeners. Without them only routes of another direction need this policy, and without any
/// policy the matcher takes its shortest way. Yarp knows the direction of a route (<see cref="SnapshotCompiler.DirectionKey"/>),
/// so that a reload which changes it makes a new matcher.
/// </param>
public sealed class DirectionMatcherPolicy(bool isIntercepting) : MatcherPolicy, IEndpointSelectorPolicy
{
    /// <summary>Before Yarp's header matcher (order 50), which costs more.</summary>
    public override int Order => 0;

    /// <inheritdoc/>
    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints)
    {
        foreach (var endpoint in endpoints)
        {
            if (endpoint.Metadata.GetMetadata<RouteHandle>() is not null
                && (isIntercepting || endpoint.Metadata.GetMetadata<RouteModel>()?.Config.Metadata?[SnapshotCompiler.DirectionKey] != nameof(Direction.Reverse)))
            {
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        var listener = httpContext.Features.Get<ListenerFeature>();
        var direction = listener?.Direction ?? Direction.Reverse;
        for (var i = 0; i < candidates.Count; i++)
        {
            if (candidates.IsValidCandidate(i) && candidates[i].Endpoint.Metadata.GetMetadata<RouteHandle>()?.Current?.Compiled.Route is { } route
                && (route.Direction != direction || (direction != Direction.Reverse && route.Match.Port is { } port && port != listener?.Original?.Port)))
            {
                candidates.SetValidity(i, false);
            }
        }

        return Task.CompletedTask;
    }
}
