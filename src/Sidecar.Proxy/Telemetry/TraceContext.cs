using System.Buffers;
using System.Diagnostics;
using Microsoft.Extensions.Primitives;

namespace Sidecar.Proxy.Telemetry;

/// <summary>
/// The trace headers of a request after validation (W3C Trace Context, W3C Baggage; RELIABILITY §2.10): what may go on.
/// Holds the caller's own strings: nothing is copied.
/// </summary>
public readonly struct TraceContext
{
    /// <summary>W3C Trace Context §3.3.1.1: 32 list members.</summary>
    public const int MaxStateMembers = 32;

    /// <summary>W3C Trace Context §3.3.1.5: 512 characters must be propagated; more is dropped.</summary>
    public const int MaxStateLength = 512;

    /// <summary>W3C Baggage §3.3.2: 180 members, as most implementations count.</summary>
    public const int MaxBaggageMembers = 180;

    /// <summary>W3C Baggage §3.3.2: 8192 bytes.</summary>
    public const int MaxBaggageLength = 8192;

    // Upper case is invalid in trace context.
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    // version "-" trace-id "-" parent-id "-" flags
    private const int TraceIdAt = 3, TraceIdLength = 32, SpanIdAt = 36, SpanIdLength = 16, FlagsAt = 53, ParentLength = 55;

    private TraceContext(string? parent, StringValues state, StringValues baggage)
    {
        Parent = parent;
        State = state;
        Baggage = baggage;
    }

    /// <summary>The caller's <c>traceparent</c>; null when there was none or it was invalid (then <see cref="State"/> is dropped too).</summary>
    public string? Parent { get; }

    /// <summary><c>tracestate</c> to send upstream; empty sends none.</summary>
    public StringValues State { get; }

    /// <summary><c>baggage</c> to send upstream; empty sends none.</summary>
    public StringValues Baggage { get; }

    /// <summary>The caller sent a valid context, and with it a decision to sample or not.</summary>
    public bool HasParent => Parent is not null;

    /// <summary>The caller's decision.</summary>
    public bool IsSampled => Parent is not null && (HexValue(Parent[FlagsAt + 1]) & 1) != 0;

    /// <summary>The caller's trace id; empty when it sent none. Allocates.</summary>
    public string TraceId => Parent is null ? "" : Parent.Substring(TraceIdAt, TraceIdLength);

    /// <summary>Reads the headers as they came; never fails: what is invalid is as if it were absent.</summary>
    public static TraceContext Read(StringValues traceParent, StringValues traceState, StringValues baggage)
    {
        var parent = traceParent.Count == 1 && IsValidParent(traceParent[0]) ? traceParent[0] : null;
        return new TraceContext(
            parent,
            parent is not null && IsWithin(traceState, MaxStateMembers, MaxStateLength) ? traceState : default,
            IsWithin(baggage, MaxBaggageMembers, MaxBaggageLength) ? baggage : default);
    }

    /// <summary>The caller's context for a span; only when <see cref="HasParent"/>. Allocates.</summary>
    internal ActivityContext ToActivityContext() => new(
        ActivityTraceId.CreateFromString(Parent.AsSpan(TraceIdAt, TraceIdLength)),
        ActivitySpanId.CreateFromString(Parent.AsSpan(SpanIdAt, SpanIdLength)),
        IsSampled ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None,
        State.Count == 0 ? null : State.ToString(),
        isRemote: true);

    /// <summary>The last eight bytes of the trace id, the part that W3C Trace Context level 2 calls random; only when <see cref="HasParent"/>.</summary>
    internal ulong TraceIdLow()
    {
        ulong value = 0;
        foreach (var digit in Parent.AsSpan(TraceIdAt + 16, 16))
        {
            value = (value << 4) | (uint)HexValue(digit);
        }

        return value;
    }

    private static bool IsValidParent(string? text)
    {
        if (text is null || text.Length < ParentLength || text[2] != '-' || text[SpanIdAt - 1] != '-' || text[FlagsAt - 1] != '-')
        {
            return false;
        }

        var version = text.AsSpan(0, 2);
        var traceId = text.AsSpan(TraceIdAt, TraceIdLength);
        var spanId = text.AsSpan(SpanIdAt, SpanIdLength);
        return IsHex(version) && !version.SequenceEqual("ff")
            && (text.Length == ParentLength || (!version.SequenceEqual("00") && text[ParentLength] == '-'))
            && IsHex(traceId) && traceId.ContainsAnyExcept('0')
            && IsHex(spanId) && spanId.ContainsAnyExcept('0')
            && IsHex(text.AsSpan(FlagsAt, 2));
    }

    private static bool IsHex(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(HexDigits);

    private static int HexValue(char digit) => digit <= '9' ? digit - '0' : digit - 'a' + 10;

    private static bool IsWithin(StringValues values, int maxMembers, int maxLength)
    {
        int members = 0, length = 0;
        for (var i = 0; i < values.Count; i++)
        {
            var value = values[i] ?? "";
            members += value.AsSpan().Count(',') + 1;
            // One more for the comma that joins two header lines.
            length += value.Length + 1;
        }

        return members <= maxMembers && length - 1 <= maxLength;
    }
}
