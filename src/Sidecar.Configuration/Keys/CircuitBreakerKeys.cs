using System.Collections.Immutable;
using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Keys;

/// <summary><c>circuitBreaker.slowCall</c> as written.</summary>
/// <param name="Duration">Null is off.</param>
/// <param name="Ratio">Share of slow calls that trips.</param>
internal sealed record SlowCall(TimeSpan? Duration, double Ratio);

/// <summary><c>circuitBreaker.slowCall</c>.</summary>
internal static class SlowCallKeys
{
    /// <summary>What is slow.</summary>
    public static readonly ConfigurationKey<TimeSpan?> Duration = new(
        "duration", Shapes.DurationOrOff, ConfigurationDefaults.CircuitBreaker.SlowCallDuration, "Calls slower than this are slow.");

    /// <summary>How many.</summary>
    public static readonly ConfigurationKey<double> Ratio = new(
        "ratio", Shapes.Ratio, ConfigurationDefaults.CircuitBreaker.SlowCallRatio, "Trips at this share of slow calls in the window.");

    /// <summary>What an absent section means.</summary>
    public static readonly SlowCall Default = new(Duration.Default, Ratio.Default);

    /// <summary>The section.</summary>
    public static readonly ObjectShape<SlowCall> Shape = new(
        "the slow-call rule",
        [Duration, Ratio],
        view => new SlowCall(view.Get(Duration), view.Get(Ratio)),
        (builder, slow) => builder.Set(Duration, slow.Duration).Set(Ratio, slow.Ratio));
}

/// <summary><c>circuitBreaker.open</c> as written.</summary>
/// <param name="Base">First open time.</param>
/// <param name="Max">Longest open time before jitter.</param>
/// <param name="Jitter">Stretches by up to this share.</param>
internal sealed record OpenTime(TimeSpan Base, TimeSpan Max, double Jitter);

/// <summary><c>circuitBreaker.open</c>.</summary>
internal static class OpenTimeKeys
{
    /// <summary>First open time.</summary>
    public static readonly ConfigurationKey<TimeSpan> Base = new(
        "base", Shapes.Duration, ConfigurationDefaults.CircuitBreaker.OpenBase, "First open time; doubles per re-open, forgotten after 60s closed.");

    /// <summary>Longest open time.</summary>
    public static readonly ConfigurationKey<TimeSpan> Max = new(
        "max", Shapes.Duration, ConfigurationDefaults.CircuitBreaker.OpenMax, "Longest open time, before jitter.");

    /// <summary>Spread.</summary>
    public static readonly ConfigurationKey<double> Jitter = new(
        "jitter", Shapes.Ratio, ConfigurationDefaults.CircuitBreaker.OpenJitterRatio, "The open time is stretched by a random share up to this.");

    /// <summary>What an absent section means.</summary>
    public static readonly OpenTime Default = new(Base.Default, Max.Default, Jitter.Default);

    /// <summary>The section.</summary>
    public static readonly ObjectShape<OpenTime> Shape = new(
        "the open time",
        [Base, Max, Jitter],
        view => new OpenTime(view.Get(Base), view.Get(Max), view.Get(Jitter)),
        (builder, open) => builder.Set(Base, open.Base).Set(Max, open.Max).Set(Jitter, open.Jitter));
}

/// <summary><c>circuitBreaker</c> of a policy.</summary>
internal static class CircuitBreakerKeys
{
    private static readonly CircuitBreakerPolicy Defaults = ConfigurationDefaults.CircuitBreaker;

    private static readonly TokenShape<BreakerFailures> FailureWords = new(
        ("5xx", BreakerFailures.ServerError),
        ("connect-failure", BreakerFailures.ConnectFailure),
        ("reset", BreakerFailures.Reset),
        ("timeout", BreakerFailures.Timeout),
        ("internal", BreakerFailures.GrpcInternal),
        ("unavailable", BreakerFailures.GrpcUnavailable),
        ("deadline-exceeded", BreakerFailures.GrpcDeadlineExceeded),
        ("data-loss", BreakerFailures.GrpcDataLoss),
        ("unknown", BreakerFailures.GrpcUnknown));

    /// <summary>What one breaker guards.</summary>
    public static readonly ConfigurationKey<BreakerScope> Scope = new(
        "scope",
        new TokenShape<BreakerScope>(("destination", BreakerScope.Destination), ("route", BreakerScope.Route)),
        Defaults.Scope,
        "destination: one breaker per route and destination, a tripped destination leaves the route's selection; route: one breaker for the route.");

    /// <summary>Failures in a row.</summary>
    public static readonly ConfigurationKey<int?> ConsecutiveFailures = new(
        "consecutiveFailures",
        new OffOrShape<int>(Shapes.Count),
        Defaults.ConsecutiveFailures,
        "Trips at max(this, 10 % of the window's requests, rounded up) failures in a row.");

    /// <summary>Share of failures.</summary>
    public static readonly ConfigurationKey<double?> FailureRatio = new(
        "failureRatio", Shapes.RatioOrOff, Defaults.FailureRatio, "Trips at this share of failures in the window.");

    /// <summary>Fewest requests.</summary>
    public static readonly ConfigurationKey<int> MinimumThroughput = new(
        "minimumThroughput", Shapes.Count, Defaults.MinimumThroughput, "Requests in the window before a ratio counts.");

    /// <summary>The window.</summary>
    public static readonly ConfigurationKey<TimeSpan> Window = new(
        "window", Shapes.Duration, Defaults.Window, "Length of the sliding window.");

    /// <summary>Slow calls.</summary>
    public static readonly ConfigurationKey<SlowCall?> Slow = new(
        "slowCall", new OffOrObjectShape<SlowCall>(SlowCallKeys.Shape), SlowCallKeys.Default, "Trips on slow calls.");

    /// <summary>Open time.</summary>
    public static readonly ConfigurationKey<OpenTime> Open = new("open", OpenTimeKeys.Shape, OpenTimeKeys.Default, "How long a tripped breaker stays open.");

    /// <summary>Half-open.</summary>
    public static readonly ConfigurationKey<int> Probes = new(
        "probes", new IntegerShape(1, 1_000), Defaults.Probes, "Requests that half-open admits; the rest are refused or go to other destinations.");

    /// <summary>After closing.</summary>
    public static readonly ConfigurationKey<TimeSpan?> Ramp = new(
        "ramp", Shapes.DurationOrOff, Defaults.Ramp, "After closing, a destination's share grows over this; nothing is refused by it.");

    /// <summary>How many may be out.</summary>
    public static readonly ConfigurationKey<double> MaxEjectedRatio = new(
        "maxEjectedRatio", Shapes.Ratio, Defaults.MaxEjectedRatio, "Share of destinations (rounded down, at least 1) that may be out while another is not tripped.");

    /// <summary>All out.</summary>
    public static readonly ConfigurationKey<WhenAllOpen> AllOpen = new(
        "whenAllOpen",
        new TokenShape<WhenAllOpen>(("fail", WhenAllOpen.Fail), ("tryAnyway", WhenAllOpen.TryAnyway)),
        Defaults.WhenAllOpen,
        "When every destination is tripped: fail fast until a probe succeeds, or try as if none were.");

    /// <summary>What counts.</summary>
    public static readonly ConfigurationKey<ImmutableArray<BreakerFailures>> Failures = new(
        "failures",
        new ListShape<BreakerFailures>(FailureWords, minItems: 1, EqualityComparer<BreakerFailures>.Default),
        Split(Defaults.Failures),
        "Outcomes that count as failures. Never: 501, 505, the caller's cancel, a caller's own shorter deadline, refusals of our own.");

    /// <summary>The section.</summary>
    public static readonly ObjectShape<CircuitBreakerPolicy> Shape = new(
        "a circuit breaker",
        [Scope, ConsecutiveFailures, FailureRatio, MinimumThroughput, Window, Slow, Open, Probes, Ramp, MaxEjectedRatio, AllOpen, Failures],
        Read,
        (builder, breaker) => builder
            .Set(Scope, breaker.Scope)
            .Set(ConsecutiveFailures, breaker.ConsecutiveFailures)
            .Set(FailureRatio, breaker.FailureRatio)
            .Set(MinimumThroughput, breaker.MinimumThroughput)
            .Set(Window, breaker.Window)
            .Set(Slow, new SlowCall(breaker.SlowCallDuration, breaker.SlowCallRatio))
            .Set(Open, new OpenTime(breaker.OpenBase, breaker.OpenMax, breaker.OpenJitterRatio))
            .Set(Probes, breaker.Probes)
            .Set(Ramp, breaker.Ramp)
            .Set(MaxEjectedRatio, breaker.MaxEjectedRatio)
            .Set(AllOpen, breaker.WhenAllOpen)
            .Set(Failures, Split(breaker.Failures)));

    private static CircuitBreakerPolicy Read(ObjectView view)
    {
        var slow = view.Get(Slow) ?? SlowCallKeys.Default with { Duration = null };
        var open = view.Get(Open);
        return new CircuitBreakerPolicy(
            view.Get(Scope),
            view.Get(ConsecutiveFailures),
            view.Get(FailureRatio),
            view.Get(MinimumThroughput),
            view.Get(Window),
            slow.Duration,
            slow.Ratio,
            open.Base,
            open.Max,
            open.Jitter,
            view.Get(Probes),
            view.Get(Ramp),
            view.Get(MaxEjectedRatio),
            view.Get(AllOpen),
            view.Get(Failures).Aggregate(BreakerFailures.None, (all, failure) => all | failure));
    }

    private static ImmutableArray<BreakerFailures> Split(BreakerFailures failures) =>
        [.. FailureWords.Tokens.Select(word => word.Value).Where(failure => failures.HasFlag(failure))];
}
