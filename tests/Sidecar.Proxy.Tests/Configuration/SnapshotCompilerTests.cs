using System.Collections.Immutable;
using Sidecar.Configuration;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Configuration;

namespace Sidecar.Proxy.Tests.Configuration;

public class SnapshotCompilerTests
{
    [Theory]
    [InlineData("late: { match: { path: '/{**rest}' }, cluster: c }", "early: { order: -1, match: { path: '/{**rest}' }, cluster: c }", "early")]
    [InlineData("any: { match: { path: '/a' }, cluster: c }", "port: { match: { path: '/{**rest}', port: 81 }, cluster: c }", "port")]
    [InlineData("wild: { match: { hosts: ['*.test'], path: '/a' }, cluster: c }", "exact: { match: { hosts: [a.test], path: '/{**rest}' }, cluster: c }", "exact")]
    [InlineData("short: { match: { hosts: ['*.test'], path: '/{**rest}' }, cluster: c }", "long: { match: { hosts: ['*.a.test'], path: '/{**rest}' }, cluster: c }", "long")]
    [InlineData("plain: { match: { path: '/a' }, cluster: c }", "wild: { match: { hosts: ['*.test'], path: '/{**rest}' }, cluster: c }", "wild")]
    [InlineData("all: { match: { path: '/{**rest}' }, cluster: c }", "one: { match: { path: '/a/{id}' }, cluster: c }", "one")]
    [InlineData("param: { match: { path: '/a/{id}' }, cluster: c }", "literal: { match: { path: '/a/b' }, cluster: c }", "literal")]
    [InlineData("any: { match: { path: '/a' }, cluster: c }", "get: { match: { path: '/a', methods: [GET] }, cluster: c }", "get")]
    [InlineData("one: { match: { path: '/a', headers: [{ name: x, values: [a] }] }, cluster: c }", "two: { match: { path: '/a', headers: [{ name: x, values: [a] }, { name: z, values: [b] }] }, cluster: c }", "two")]
    public void Compile_TwoRoutes_TheMoreSpecificIsTriedFirst(string one, string other, string first)
    {
        foreach (var routes in new[] { $"{one}\n  {other}", $"{other}\n  {one}" })
        {
            var snapshot = SnapshotCompiler.Compile(Load(routes));

            Assert.Equal(first, snapshot.Routes[0].Id);
            Assert.Equal(first, SnapshotCompiler.RouteIdOf(snapshot.YarpRoutes.MinBy(route => route.Order)!.RouteId));
        }
    }

    [Fact]
    public void Compile_ExactAndWildcardHosts_RankApart()
    {
        var snapshot = SnapshotCompiler.Compile(Load(
            "both: { match: { hosts: [a.test, '*.test'], path: '/x' }, cluster: c }\n  exact: { match: { hosts: [b.test], path: '/{**rest}' }, cluster: c }"));

        var order = snapshot.YarpRoutes.OrderBy(route => route.Order).Select(route => route.RouteId);

        Assert.Equal(["both", "exact", "both|*.test"], order);
        Assert.Equal(2, snapshot.Routes.Length);
    }

    [Fact]
    public void Compile_Port_IsPartOfEveryHost()
    {
        var snapshot = SnapshotCompiler.Compile(Load(
            "named: { match: { hosts: [a.test], port: 8080 }, cluster: c }\n  bare: { match: { path: '/{**rest}', port: 9090 }, cluster: c }"));

        Assert.Equal(["a.test:8080"], snapshot.YarpRoutes.Single(route => route.RouteId == "named").Match.Hosts);
        Assert.Equal(["*:9090"], snapshot.YarpRoutes.Single(route => route.RouteId == "bare").Match.Hosts);
    }

    [Fact]
    public void Check_WhatOnlyTheEngineKnows_IsFoundWithItsPlace()
    {
        var problems = SnapshotCompiler.Check(Load(
            "a: { match: { path: '/{x:nonsense}' }, cluster: c }\n  b: { match: { path: '/b' }, cluster: c }"));

        var problem = Assert.Single(problems);
        Assert.Equal("routes.a.match.path", problem.Location.Path);
        Assert.Contains("/{x:nonsense}", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_UnknownTransform_IsFound()
    {
        var problems = SnapshotCompiler.Check(Load("a: { match: { path: '/a' }, cluster: c, transforms: [{ Nonsense: x }] }"));

        Assert.Equal("routes.a.transforms", Assert.Single(problems).Location.Path);
    }

    [Theory]
    [InlineData("PathPrefix: /x", true)]
    [InlineData("QueryValueParameter: a, Set: b", true)]
    [InlineData("RequestHeader: x-a, Set: b", false)]
    public void Compile_Transforms_SayWhetherTheTargetChanges(string transform, bool changes)
    {
        var snapshot = SnapshotCompiler.Compile(Load($"a: {{ match: {{ path: '/a' }}, cluster: c, transforms: [{{ {transform} }}] }}"));

        Assert.True(snapshot.Routes[0].HasTransforms);
        Assert.Equal(changes, snapshot.Routes[0].ChangesTarget);
    }

    private static SidecarConfiguration Load(string routes)
    {
        var text = $"version: 1\nlisteners: {{ reverse: {{ address: '127.0.0.1:0' }} }}\nclusters: {{ c: {{ destinations: {{ a: {{ address: 'http://127.0.0.1:1' }} }} }} }}\nroutes:\n  {routes}\n";
        var result = ConfigurationLoader.Load([new("test.yaml", text)], [], ConfigurationEnvironment.Default);
        Assert.Empty(result.Errors);
        return result.Configuration!;
    }
}
