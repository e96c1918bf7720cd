using System.Globalization;

namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// Decides whether a request is traced, before any object is made for it. Parent-based with root ratio
/// <c>telemetry.traceRatio</c>, unless <c>OTEL_TRACES_SAMPLER</c> names another of the standard samplers
/// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
/// </summary>
internal sealed class TraceSampler
{
    private readonly Func<long> _randomBits;
    private double _ratio;

    private TraceSampler(Func<long> randomBits, bool isParentBased, bool isFromEnvironment, double ratio)
    {
        _randomBits = randomBits;
        IsParentBased = isParentBased;
        IsFromEnvironment = isFromEnvironment;
        _ratio = ratio;
    }

    /// <summary>The caller's decision is followed.</summary>
    internal bool IsParentBased { get; }

    /// <summary><c>OTEL_TRACES_SAMPLER</c> is set: the configured ratio does not count.</summary>
    internal bool IsFromEnvironment { get; }

    /// <summary>Share of root traces that are sampled, 0–1.</summary>
    internal double Ratio
    {
        get => Volatile.Read(ref _ratio);
        set => Volatile.Write(ref _ratio, value);
    }

    /// <summary>Reads the environment; a name that is not known is reported and ignored.</summary>
    /// <param name="environment">Value of a variable, or null.</param>
    /// <param name="randomBits">64 random bits.</param>
    /// <param name="configuredRatio"><c>telemetry.traceRatio</c>.</param>
    /// <param name="problem">What was not understood; null when all was.</param>
    internal static TraceSampler Create(Func<string, string?> environment, Func<long> randomBits, double configuredRatio, out string? problem)
    {
        var name = environment("OTEL_TRACES_SAMPLER");
        var argument = environment("OTEL_TRACES_SAMPLER_ARG");
        var ratio = 1.0;
        problem = null;
        if (!string.IsNullOrEmpty(argument) && name is "traceidratio" or "parentbased_traceidratio"
            && !(double.TryParse(argument, NumberStyles.Float, CultureInfo.InvariantCulture, out ratio) && ratio is >= 0 and <= 1))
        {
            problem = "OTEL_TRACES_SAMPLER_ARG is not a number from 0 to 1; 1 is used.";
            ratio = 1;
        }

        switch (name)
        {
            case null or "":
                return new(randomBits, isParentBased: true, isFromEnvironment: false, configuredRatio);
            case "always_on":
                return new(randomBits, isParentBased: false, isFromEnvironment: true, 1);
            case "always_off":
                return new(randomBits, isParentBased: false, isFromEnvironment: true, 0);
            case "traceidratio":
                return new(randomBits, isParentBased: false, isFromEnvironment: true, ratio);
            case "parentbased_always_on":
                return new(randomBits, isParentBased: true, isFromEnvironment: true, 1);
            case "parentbased_always_off":
                return new(randomBits, isParentBased: true, isFromEnvironment: true, 0);
            case "parentbased_traceidratio":
                return new(randomBits, isParentBased: true, isFromEnvironment: true, ratio);
            default:
                problem = "OTEL_TRACES_SAMPLER names no known sampler; telemetry.traceRatio is used.";
                return new(randomBits, isParentBased: true, isFromEnvironment: false, configuredRatio);
        }
    }

    /// <summary>Is a request with this context traced?</summary>
    internal bool IsSampled(in TraceContext context)
    {
        if (context.HasParent && IsParentBased)
        {
            return context.IsSampled;
        }

        // With a parent the trace id decides, so that every participant that uses the ratio decides alike; a root's id is random anyway.
        var bits = context.HasParent ? context.TraceIdLow() : (ulong)_randomBits();
        return (bits >> 11) * (1.0 / (1UL << 53)) < Ratio;
    }
}
