using System.Text.Json;
using Sidecar.Configuration;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Admin;

/// <summary>The bodies of the admin answers. Field names are stable: scripts read them.</summary>
internal static class AdminJson
{
    /// <summary><c>{"status": …, "reasons": […]}</c>, without reasons when there are none.</summary>
    public static void WriteStatus(Utf8JsonWriter json, string status, IReadOnlyList<string> reasons)
    {
        json.WriteStartObject();
        json.WriteString("status", status);
        if (reasons.Count > 0)
        {
            WriteStrings(json, "reasons", reasons);
        }

        json.WriteEndObject();
    }

    /// <summary>Readiness with configuration, files, what is degraded, and what is not there.</summary>
    public static void WriteVerboseReadiness(Utf8JsonWriter json, HealthView health, ConfigurationStore? store)
    {
        json.WriteStartObject();
        json.WriteString("status", Name(health.State));
        WriteStrings(json, "reasons", health.Reasons);
        WriteStrings(json, "degraded", health.Degraded);
        WriteStrings(json, "conditions", Conditions(store));
        if (store is null)
        {
            json.WriteNull("configuration");
        }
        else
        {
            WriteConfigurationState(json, store);
        }

        json.WriteEndObject();
    }

    /// <summary>The routes in the order in which they are matched, and what of intercepted traffic they do not cover.</summary>
    public static void WriteRoutes(Utf8JsonWriter json, IAdminView view)
    {
        json.WriteStartObject();
        json.WriteStartArray("routes");
        foreach (var route in view.Routes)
        {
            RouteJson.Write(json, route);
        }

        json.WriteEndArray();
        json.WriteStartArray("unmatched");
        foreach (var host in view.Unmatched)
        {
            json.WriteStartObject();
            json.WriteString("direction", host.Direction);
            json.WriteString("host", host.Host);
            json.WriteNumber("requests", host.Requests);
            json.WriteNumber("excess", host.Excess);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("serverFirst");
        foreach (var learned in view.ServerFirst)
        {
            json.WriteStartObject();
            json.WriteString("destination", learned.Destination.ToString());
            json.WriteNumber("expiresInSeconds", Seconds(learned.ExpiresIn));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Every breaker that has state.</summary>
    public static void WriteBreakers(Utf8JsonWriter json, IReadOnlyList<BreakerView> breakers)
    {
        json.WriteStartObject();
        json.WriteStartArray("breakers");
        foreach (var breaker in breakers)
        {
            json.WriteStartObject();
            json.WriteString("route", breaker.Route);
            json.WriteString("cluster", breaker.Cluster);
            json.WriteString("destination", breaker.Destination);
            json.WriteString("state", Name(breaker.State));
            json.WriteString("reason", breaker.Reason);
            json.WriteNumber("stateForSeconds", Seconds(breaker.Since));
            if (breaker.State == BreakerState.Open)
            {
                json.WriteNumber("probeInSeconds", Seconds(breaker.OpenFor));
            }

            json.WriteNumber("consecutiveFailures", breaker.Consecutive);
            json.WriteStartObject("window");
            json.WriteNumber("requests", breaker.Requests);
            json.WriteNumber("failures", breaker.Failures);
            json.WriteNumber("slowCalls", breaker.SlowCalls);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Numbers since the start, with memory and garbage collection.</summary>
    public static void WriteStats(Utf8JsonWriter json, IAdminView view)
    {
        var stats = view.Stats;
        json.WriteStartObject();
        json.WriteString("status", Name(view.Health.State));
        json.WriteNumber("uptimeSeconds", Seconds(stats.Uptime));
        json.WriteNumber("requests", stats.Requests);
        json.WriteNumber("inFlight", stats.InFlight);
        json.WriteNumber("connections", stats.Connections);

        // Inbound and reverse: what a drain waits for.
        json.WriteNumber("inboundInFlight", stats.Inbound.InFlight);
        json.WriteNumber("inboundConnections", stats.Inbound.Connections);
        json.WriteNumber("lostLogLines", stats.LostLogLines);
        json.WriteNumber("lostSpans", stats.LostSpans);

        // Not the precise number: that one stops every thread.
        json.WriteNumber("allocatedBytes", GC.GetTotalAllocatedBytes(precise: false));
        json.WriteNumber("heapBytes", GC.GetTotalMemory(forceFullCollection: false));
        json.WriteNumber("residentBytes", Environment.WorkingSet);
        json.WriteNumber("gcCollections", GC.CollectionCount(0));
        json.WriteNumber("gcPauseSeconds", Seconds(GC.GetTotalPauseDuration()));
        json.WriteString("logLevel", Name(view.LogLevel));
        json.WriteEndObject();
    }

    /// <summary>The level that is in force.</summary>
    public static void WriteLogLevel(Utf8JsonWriter json, LogSeverity level)
    {
        json.WriteStartObject();
        json.WriteString("logLevel", Name(level));
        json.WriteEndObject();
    }

    /// <summary>The severity of a word; null for any other.</summary>
    public static LogSeverity? ParseSeverity(string word) => word switch
    {
        "debug" => LogSeverity.Debug,
        "info" => LogSeverity.Info,
        "warn" => LogSeverity.Warn,
        "error" => LogSeverity.Error,
        _ => null,
    };

    /// <summary>The configuration's word for it.</summary>
    public static string Name(LogSeverity severity) => severity switch
    {
        LogSeverity.Debug => "debug",
        LogSeverity.Warn => "warn",
        LogSeverity.Error => "error",
        _ => "info",
    };

    /// <summary>Lower-case name.</summary>
    public static string Name(LifeState state) => state switch
    {
        LifeState.Starting => "starting",
        LifeState.Ready => "ready",
        LifeState.Draining => "draining",
        _ => "drained",
    };

    private static string Name(BreakerState state) => state switch
    {
        BreakerState.Open => "open",
        BreakerState.HalfOpen => "half-open",
        BreakerState.Held => "held",
        _ => "closed",
    };

    private static string Name(ConfigurationOrigin origin) => origin switch
    {
        ConfigurationOrigin.LastGood => "last-good",
        ConfigurationOrigin.Defaults => "defaults",
        _ => "written",
    };

    private static void WriteConfigurationState(Utf8JsonWriter json, ConfigurationStore store)
    {
        var current = store.Current;
        json.WriteStartObject("configuration");
        json.WriteString("origin", Name(current.Origin));
        if (current.Reason is not null)
        {
            json.WriteString("reason", current.Reason);
        }

        json.WriteString("revision", current.Revision);
        json.WriteString("loadedAt", current.LoadedAt);
        WriteStrings(json, "warnings", current.Warnings.Select(warning => warning.ToString()));
        if (store.LastRejection is { } rejection)
        {
            json.WriteStartObject("rejected");
            json.WriteString("at", rejection.At);
            WriteStrings(json, "errors", rejection.Problems.Select(problem => problem.ToString()));
            json.WriteEndObject();
        }

        json.WriteStartArray("files");
        foreach (var file in store.Files)
        {
            json.WriteStartObject();
            json.WriteString("name", file.Name);
            json.WriteBoolean("optional", file.IsOptional);
            json.WriteBoolean("present", file.IsPresent);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    // Nothing is wrong with them: they are what somebody must know who expected something else.
    private static IEnumerable<string> Conditions(ConfigurationStore? store) => (store?.Files ?? [])
        .Where(file => file is { IsOptional: true, IsPresent: false })
        .Select(file => $"--config-optional {file.Name} does not exist: no routes from it");

    private static void WriteStrings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static double Seconds(TimeSpan duration) => Math.Round(duration.TotalSeconds, 6);
}
