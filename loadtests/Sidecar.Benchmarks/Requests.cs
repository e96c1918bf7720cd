using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Benchmarks;

/// <summary>Accounts of requests as the layers leave them.</summary>
internal static class Requests
{
    private static readonly TimeSpan BeforeAttempt = TimeSpan.FromMicroseconds(30), Upstream = TimeSpan.FromMilliseconds(1), AfterAttempt = TimeSpan.FromMicroseconds(40);

    /// <summary>A request that just arrived.</summary>
    public static RequestRecord Arrived(RequestRecord record, TimeProvider time, string route, string method = "GET")
    {
        record.Route = route;
        record.Cluster = "up";
        record.Method = method;
        record.Target = "/orders/4711?page=2";
        record.Host = "orders.shop:8080";
        record.Protocol = "http/1.1";
        record.RequestId = "6f1c8a52-0d7e-4b60-9c1e-1f3a5d2b7c90";
        record.StartTimestamp = time.GetTimestamp();
        return record;
    }

    /// <summary>A request that came to its end at the first attempt.</summary>
    public static RequestRecord Ended(TimeProvider time, string route, string method = "GET", int status = 200)
    {
        var record = Arrived(new RequestRecord(), time, route, method);
        Attempt(record, time, record.StartTimestamp + Ticks(time, BeforeAttempt), status, ProxyError.None);
        record.Status = status;
        record.ResponseBytes = 100;
        record.HeadersTime = BeforeAttempt + Upstream;
        record.EndTimestamp = record.LastAttempt.EndTimestamp + Ticks(time, AfterAttempt);
        return record;
    }

    /// <summary>One attempt, already over.</summary>
    public static void Attempt(RequestRecord record, TimeProvider time, long start, int status, ProxyError error)
    {
        ref var attempt = ref record.BeginAttempt("a", "a", start);
        attempt.EndTimestamp = start + Ticks(time, Upstream);
        attempt.Status = error == ProxyError.None ? status : 0;
        attempt.Error = error;
        attempt.IsConnectionReused = true;
        record.UpstreamTime += Upstream;
    }

    /// <summary>As many label combinations as a route is expected to have (<see cref="Instruments"/>: 16).</summary>
    public static readonly (string Method, int Status)[] Combinations =
    [
        .. from method in new[] { "GET", "POST" }
           from status in new[] { 200, 201, 204, 304, 400, 404, 500, 503 }
           select (method, status),
    ];

    private static long Ticks(TimeProvider time, TimeSpan duration) => (long)(duration.TotalSeconds * time.TimestampFrequency);
}
