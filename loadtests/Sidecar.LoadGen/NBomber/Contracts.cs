using System.Globalization;

namespace NBomber.Contracts;

/// <summary>What an iteration came to.</summary>
public interface IResponse
{
    /// <summary>A status, as text.</summary>
    string StatusCode { get; }

    /// <summary>Did it fail?</summary>
    bool IsError { get; }

    /// <summary>Bytes received.</summary>
    long SizeBytes { get; }

    /// <summary>Of a failure: why.</summary>
    string Message { get; }
}

/// <summary>Makes responses, by NBomber's public names.</summary>
public sealed record Response(string StatusCode, bool IsError, long SizeBytes, string Message) : IResponse
{
    private static readonly Response Plain = new("", false, 0, "");

    /// <summary>As wished.</summary>
    public static IResponse Ok() => Plain;

    /// <summary>As wished.</summary>
    public static IResponse Ok(string statusCode, long sizeBytes = 0, string message = "") => new Response(statusCode, false, sizeBytes, message);

    /// <summary>Not as wished.</summary>
    public static IResponse Fail(string statusCode = "", string message = "", long sizeBytes = 0) => new Response(statusCode, true, sizeBytes, message);
}

/// <summary>What an iteration knows of itself.</summary>
public interface IScenarioContext
{
    /// <summary>Of this scenario, from 1.</summary>
    long InvocationNumber { get; }

    /// <summary>Seeded.</summary>
    Random Random { get; }

    /// <summary>Name of the scenario.</summary>
    string ScenarioName { get; }

    /// <summary>Starts nothing more of this scenario.</summary>
    void StopCurrentTest(string reason);
}

/// <summary>What a scenario came to.</summary>
/// <param name="ScenarioName">As created.</param>
/// <param name="Ok">Successes.</param>
/// <param name="Fail">Failures.</param>
/// <param name="Duration">Of the load.</param>
public sealed record ScenarioStats(string ScenarioName, MeasurementStats Ok, MeasurementStats Fail, TimeSpan Duration)
{
    /// <summary>Iterations that ended.</summary>
    public long AllRequestCount => Ok.Request.Count + Fail.Request.Count;

    /// <summary>Successes.</summary>
    public long AllOkCount => Ok.Request.Count;

    /// <summary>Failures.</summary>
    public long AllFailCount => Fail.Request.Count;
}

/// <summary>Figures of successes or of failures.</summary>
public sealed record MeasurementStats(RequestStats Request, LatencyStats Latency, DataTransferStats DataTransfer, IReadOnlyList<StatusCodeStats> StatusCodes);

/// <summary>How many.</summary>
public sealed record RequestStats(long Count, double RPS, double Percent);

/// <summary>How long, in milliseconds.</summary>
public sealed record LatencyStats(double MinMs, double MeanMs, double MaxMs, double StdDev, double Percent50, double Percent75, double Percent95, double Percent99, double Percent999);

/// <summary>How much.</summary>
public sealed record DataTransferStats(long AllBytes);

/// <summary>Of one status.</summary>
public sealed record StatusCodeStats(string StatusCode, bool IsError, long Count)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{StatusCode}: {Count}");
}

/// <summary>One threshold, and whether it was met.</summary>
public sealed record ThresholdResult(string ScenarioName, string Expression, bool IsFailed);

/// <summary>What a run came to.</summary>
public sealed record NodeStats(IReadOnlyList<ScenarioStats> ScenarioStats, IReadOnlyList<ThresholdResult> Thresholds)
{
    /// <summary>Successes of all.</summary>
    public long AllOkCount => ScenarioStats.Sum(stats => stats.AllOkCount);

    /// <summary>Failures of all.</summary>
    public long AllFailCount => ScenarioStats.Sum(stats => stats.AllFailCount);
}
