using System.Collections.Immutable;
using System.Text.Json;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Admin;

/// <summary>One route of <c>/routes</c>: what it matches, where it goes, which policies act. Header values are left out.</summary>
internal static class RouteJson
{
    /// <summary>Writes one route.</summary>
    public static void Write(Utf8JsonWriter json, RouteConfiguration route)
    {
        json.WriteStartObject();
        json.WriteString("route", route.Id);
        json.WriteString("direction", LabelValues.Name(route.Direction));
        json.WriteNumber("order", route.Order);
        WriteMatch(json, route.Match);
        if (route.IsForwardedToOriginal)
        {
            json.WriteString("forwardTo", route.ClusterId);
        }
        else
        {
            json.WriteString("cluster", route.ClusterId);
        }

        WritePolicies(json, route.Policy);
        json.WriteString("writtenAt", $"{route.Location.File}:{route.Location.Line}");
        json.WriteEndObject();
    }

    private static void WriteMatch(Utf8JsonWriter json, MatchConfiguration match)
    {
        json.WriteStartObject("match");
        if (match.Service is not null)
        {
            json.WriteString("service", match.Service);
        }

        WriteStrings(json, "hosts", match.Hosts);
        if (match.Path is not null)
        {
            json.WriteString("path", match.Path);
        }

        WriteStrings(json, "sni", match.Sni);
        WriteStrings(json, "methods", match.Methods);
        WriteStrings(json, "headers", [.. match.Headers.Select(header => header.Name)]);
        if (match.Port is { } port)
        {
            json.WriteNumber("port", port);
        }

        json.WriteEndObject();
    }

    private static void WritePolicies(Utf8JsonWriter json, RoutePolicy policy)
    {
        json.WriteStartArray("policies");
        json.WriteStringValue("timeouts");
        if (policy.Retry is not null)
        {
            json.WriteStringValue("retry");
        }

        if (policy.CircuitBreaker is not null)
        {
            json.WriteStringValue("circuitBreaker");
        }

        json.WriteEndArray();
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, ImmutableArray<string> values)
    {
        if (values.IsDefaultOrEmpty)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}
