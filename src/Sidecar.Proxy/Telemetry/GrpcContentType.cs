namespace Sidecar.Proxy.Telemetry;

/// <summary>Which requests are gRPC calls: they read their failures from other places than HTTP.</summary>
public static class GrpcContentType
{
    private const string Prefix = "application/grpc";

    /// <summary><c>application/grpc</c> and <c>application/grpc+proto</c>; not gRPC-Web, which is ordinary HTTP.</summary>
    public static bool Matches(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == Prefix.Length || contentType[Prefix.Length] is '+' or ';');
}
