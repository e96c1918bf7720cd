namespace Sidecar.Contract;

/// <summary>Header names that this product defines. Everything else is named by its RFC.</summary>
public static class HeaderNames
{
    /// <summary>Response: comma-separated failure flags, most recent first (PRODUCT §3).</summary>
    public const string Flags = "x-sidecar-flags";

    /// <summary>Request and our own answers: the caller's id if 1–128 visible ASCII, else ours.</summary>
    public const string RequestId = "x-request-id";

    /// <summary>Upstream request: the number of this attempt, starting at 1.</summary>
    public const string AttemptCount = "x-attempt-count";

    /// <summary>Upstream request: milliseconds left of the deadline; incoming it can only shorten ours.</summary>
    public const string RequestTimeout = "x-request-timeout-ms";

    /// <summary>gRPC's own deadline header; rewritten for each attempt with the time left.</summary>
    public const string GrpcTimeout = "grpc-timeout";

    /// <summary>Makes any request repeatable for retries when present.</summary>
    public const string IdempotencyKey = "idempotency-key";

    /// <summary>Must be present on every changing admin request: a browser cannot send it across origins.</summary>
    public const string Admin = "x-sidecar-admin";

    /// <summary>Per-request overrides start with this; removed unless the route allows them.</summary>
    public const string OverridePrefix = "x-sidecar-";
}
