using System.Globalization;

namespace Sidecar.Proxy.Forwarding;

/// <summary>The caller's own deadline as it comes and goes in headers. Pure.</summary>
public static class CallerDeadline
{
    // gRPC over HTTP/2: TimeoutValue is at most eight digits.
    private const int MaxDigits = 8;

    /// <summary>The shorter of <c>grpc-timeout</c> and <c>x-request-timeout-ms</c>; null when neither is there and well-formed.</summary>
    public static TimeSpan? Read(string? grpcTimeout, string? requestTimeoutMs)
    {
        var grpc = ParseGrpc(grpcTimeout);
        var http = ParseMilliseconds(requestTimeoutMs);
        return grpc is null ? http : http is null || grpc < http ? grpc : http;
    }

    /// <summary><c>grpc-timeout</c>: one to eight digits and one of H M S m u n.</summary>
    public static TimeSpan? ParseGrpc(string? text)
    {
        if (text is null || text.Length is < 2 or > MaxDigits + 1
            || !long.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            return null;
        }

        return text[^1] switch
        {
            'H' => TimeSpan.FromHours(value),
            'M' => TimeSpan.FromMinutes(value),
            'S' => TimeSpan.FromSeconds(value),
            'm' => TimeSpan.FromMilliseconds(value),
            'u' => TimeSpan.FromMicroseconds(value),
            'n' => TimeSpan.FromTicks(value / TimeSpan.NanosecondsPerTick),
            _ => null,
        };
    }

    /// <summary>Whole milliseconds, at most nine digits (eleven days).</summary>
    public static TimeSpan? ParseMilliseconds(string? text) =>
        text is { Length: > 0 and <= 9 } && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? TimeSpan.FromMilliseconds(value)
            : null;

    /// <summary>For <c>grpc-timeout</c>, in the finest unit that fits eight digits; never zero, which would mean no time at all.</summary>
    public static string FormatGrpc(TimeSpan left)
    {
        var microseconds = Math.Max(1, (long)left.TotalMicroseconds);
        if (microseconds < 100_000_000)
        {
            return microseconds.ToString(CultureInfo.InvariantCulture) + "u";
        }

        var milliseconds = microseconds / 1000;
        return milliseconds < 100_000_000
            ? milliseconds.ToString(CultureInfo.InvariantCulture) + "m"
            : (milliseconds / 1000).ToString(CultureInfo.InvariantCulture) + "S";
    }

    /// <summary>For <c>x-request-timeout-ms</c>: rounded down, at least one.</summary>
    public static string FormatMilliseconds(TimeSpan left) =>
        Math.Max(1, (long)left.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
}
