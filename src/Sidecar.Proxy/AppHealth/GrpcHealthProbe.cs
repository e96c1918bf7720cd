using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;

namespace Sidecar.Proxy.AppHealth;

/// <summary>
/// <c>grpc</c> as the kubelet does it (pkg/probe/grpc): one unary call of <c>grpc.health.v1.Health/Check</c> over HTTP/2 in the clear;
/// healthy when the call succeeds and says SERVING.
/// </summary>
internal static class GrpcHealthProbe
{
    private const int MaxAnswerBytes = 4096;
    private const int PrefixLength = 5;

    /// <summary>Asks.</summary>
    /// <exception cref="HttpRequestException">There was no answer.</exception>
    /// <exception cref="IOException">The answer broke off.</exception>
    public static async Task<ProbeVerdict> RunAsync(GrpcTarget target, TimeSpan timeout, ProbeCaller caller, CancellationToken cancellationToken)
    {
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectCallback = (_, cancellation) => ProbeConnection.OpenAsync(target, target.Port, isTls: false, caller.ReachedAt, cancellation),
        };
        using var client = new HttpMessageInvoker(handler);
        using var request = Request(target, timeout, caller);
        using var response = await client.SendAsync(request, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return new ProbeVerdict(false, $"grpc on port {target.Port} answered HTTP status {(int)response.StatusCode}");
        }

        var body = await ReadAsync(response.Content, cancellationToken);
        return Status(response) switch
        {
            "0" => Verdict(target, body),
            "12" => new ProbeVerdict(false, $"grpc on port {target.Port} does not implement grpc.health.v1.Health"),
            { } status => new ProbeVerdict(false, $"grpc on port {target.Port} answered gRPC status {(status.Length <= 3 && status.All(char.IsAsciiDigit) ? status : "of no number")}"),
            null => new ProbeVerdict(false, $"grpc on port {target.Port} answered without a gRPC status"),
        };
    }

    private static ProbeVerdict Verdict(GrpcTarget target, byte[]? body)
    {
        // A prefix of five bytes: not compressed, and the length of the one message.
        if (body is not [0, _, _, _, _, ..] || BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(1)) != body.Length - PrefixLength
            || HealthMessage.ReadStatus(body.AsSpan(PrefixLength)) is not { } status)
        {
            return new ProbeVerdict(false, $"grpc on port {target.Port} did not answer with one HealthCheckResponse");
        }

        return new ProbeVerdict(status == HealthMessage.Serving, $"grpc on port {target.Port} answered {HealthMessage.Name(status)}");
    }

    private static HttpRequestMessage Request(GrpcTarget target, TimeSpan timeout, ProbeCaller caller)
    {
        var message = HealthMessage.WriteRequest(target.Service);
        var body = new byte[PrefixLength + message.Length];
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(1), (uint)message.Length);
        message.CopyTo(body, PrefixLength);
        var request = new HttpRequestMessage(HttpMethod.Post, $"http://{ProbeConnection.Authority(target, caller.ReachedAt)}/grpc.health.v1.Health/Check")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Headers.TryAddWithoutValidation("user-agent", caller.UserAgent ?? "kube-probe/1.0");

        // Eight digits at most: in seconds that is more than any probe has.
        request.Headers.TryAddWithoutValidation("grpc-timeout", Math.Min((long)timeout.TotalSeconds, 99_999_999).ToString(CultureInfo.InvariantCulture) + "S");
        return request;
    }

    // In the trailers; a call that failed at once has it in the header.
    private static string? Status(HttpResponseMessage response) =>
        response.TrailingHeaders.TryGetValues("grpc-status", out var trailer) ? trailer.First()
        : response.Headers.TryGetValues("grpc-status", out var header) ? header.First()
        : null;

    // Null when it is longer than any such answer. To the end in any other case: the trailers are behind it.
    private static async Task<byte[]?> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var body = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[MaxAnswerBytes + 1];
        var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return length > MaxAnswerBytes ? null : buffer[..length];
    }
}
