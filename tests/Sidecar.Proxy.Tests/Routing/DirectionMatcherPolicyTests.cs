using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Routing;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Sidecar.Proxy.Tests.Routing;

public sealed class DirectionMatcherPolicyTests : IAsyncDisposable
{
    private readonly RunningRoutes _routes = new(
        """
        out: { direction: outbound, match: { path: '/' }, cluster: c }
          out80: { direction: outbound, match: { path: '/', port: 80 }, cluster: c }
          in: { direction: inbound, match: { path: '/' }, forwardTo: original }
          in80: { direction: inbound, match: { path: '/', port: 80 }, forwardTo: original }
          rev: { direction: reverse, match: { path: '/' }, cluster: c }
          rev80: { direction: reverse, match: { path: '/', port: 80 }, cluster: c }
        """);

    public async ValueTask DisposeAsync() => await _routes.DisposeAsync();

    [Theory]
    [InlineData(ListenerKind.Outbound, "10.0.0.7:80", "a.test:81", "out,out80")]
    [InlineData(ListenerKind.Outbound, "10.0.0.7:81", "a.test:80", "out")]
    [InlineData(ListenerKind.Inbound, "10.0.0.7:80", "a.test", "in,in80")]
    [InlineData(ListenerKind.Inbound, "10.0.0.7:8080", "a.test:80", "in")]
    [InlineData(ListenerKind.Reverse, null, "a.test:80", "rev,rev80")] // here the host's port was matched above
    [InlineData(null, null, "a.test", "rev,rev80")]
    public async Task ApplyAsync_Listener_SeesItsOwnRoutesAndTheDialledPort(ListenerKind? kind, string? original, string host, string expected)
    {
        var context = new DefaultHttpContext { Request = { Host = new HostString(host) } };
        if (kind is { } listener)
        {
            context.Features.Set(new ListenerFeature(listener, original is null ? null : IPEndPoint.Parse(original)));
        }

        Assert.Equal(expected, string.Join(',', await MatchAsync(context)));
    }

    [Fact]
    public async Task ApplyAsync_RefusedByAnotherPolicy_StaysRefused()
    {
        var context = new DefaultHttpContext();

        Assert.Equal(["rev80"], await MatchAsync(context, refused: "rev"));
    }

    [Fact]
    public void AppliesToEndpoints_OfRoutesOnly()
    {
        var policy = new DirectionMatcherPolicy(isIntercepting: true);

        Assert.True(policy.AppliesToEndpoints([Endpoint("health", null), Endpoint("out", _routes.Table.Handle("out"))]));
        Assert.False(policy.AppliesToEndpoints([Endpoint("health", null)]));
        Assert.True(policy.Order < 50, "Yarp's header matcher costs more.");
    }

    [Theory]
    [InlineData("Reverse", false)]
    [InlineData("Outbound", true)]
    [InlineData("Inbound", true)]
    public void AppliesToEndpoints_NothingIsIntercepted_OnlyForOtherDirections(string direction, bool expected)
    {
        var yarp = new RouteModel(
            new RouteConfig { RouteId = "r", Metadata = new Dictionary<string, string> { [SnapshotCompiler.DirectionKey] = direction } }, null, HttpTransformer.Default);
        var endpoint = new Endpoint(_ => Task.CompletedTask, new EndpointMetadataCollection(yarp, _routes.Table.Handle("rev")), "r");

        Assert.Equal(expected, new DirectionMatcherPolicy(isIntercepting: false).AppliesToEndpoints([endpoint]));
    }

    private async Task<List<string>> MatchAsync(HttpContext context, string? refused = null)
    {
        string[] ids = ["out", "out80", "in", "in80", "rev", "rev80"];
        var candidates = new CandidateSet(
            [.. ids.Select(id => Endpoint(id, _routes.Table.Handle(id)))], [.. ids.Select(_ => new RouteValueDictionary())], new int[ids.Length]);
        if (refused is not null)
        {
            candidates.SetValidity(Array.IndexOf(ids, refused), false);
        }

        await new DirectionMatcherPolicy(isIntercepting: true).ApplyAsync(context, candidates);
        return [.. ids.Where((_, index) => candidates.IsValidCandidate(index))];
    }

    private static Endpoint Endpoint(string name, RouteHandle? handle) =>
        new(_ => Task.CompletedTask, handle is null ? EndpointMetadataCollection.Empty : new EndpointMetadataCollection(handle), name);
}
