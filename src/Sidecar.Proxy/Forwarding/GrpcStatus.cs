using System.Globalization;
using System.Net.Http;
using System.Net.Http.Headers;

namespace Sidecar.Proxy.Forwarding;

/// <summary>Where gRPC keeps its status: trailers, or headers when there is no message (trailers-only).</summary>
public static class GrpcStatus
{
    /// <summary>No status was found.</summary>
    public const int Unknown = -1;

    /// <summary>The status in a set of fields; <see cref="Unknown"/> when absent or not a number of gRPC's.</summary>
    public static int Read(HttpHeaders fields) =>
        fields.NonValidated.TryGetValues("grpc-status", out var values)
        && int.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status is >= 0 and <= 16
            ? status
            : Unknown;

    /// <summary>
    /// Waits for the first byte of the first message or, when there is none, for the trailers. What was read stands in
    /// front of the content again.
    /// </summary>
    public static async ValueTask<int> PeekAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        // Not the asynchronous form: content that was asked for its stream in that form refuses the other one, and who copies
        // the answer asks in this form.
        var stream = response.Content.ReadAsStream(cancellationToken);
        var first = new byte[1];
        var read = await stream.ReadAsync(first, cancellationToken);
        if (read == 0)
        {
            return Read(response.TrailingHeaders);
        }

        response.Content = new PeekedContent(first[0], stream, response.Content.Headers);
        return Unknown;
    }
}
