using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Sidecar.Contract;

namespace Sidecar.Proxy.Commands;

/// <summary>What an admin request came to.</summary>
/// <param name="Status">HTTP status; 0 when there was no answer.</param>
/// <param name="Body">The answer's JSON; null when it was none.</param>
/// <param name="Failure">Why there was no answer; null when there was one.</param>
/// <param name="IsRefused">Nothing listens there.</param>
public sealed record AdminAnswer(int Status, JsonElement? Body, string? Failure, bool IsRefused = false)
{
    /// <summary>Status 2xx.</summary>
    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>The body's <c>status</c>; empty when it has none.</summary>
    public string State => Body is { ValueKind: JsonValueKind.Object } body && body.TryGetProperty("status", out var status)
        && status.ValueKind == JsonValueKind.String ? status.GetString()! : "";

    /// <summary>A whole number of the body; 0 when it has none.</summary>
    public long Number(string name) => Body is { ValueKind: JsonValueKind.Object } body && body.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : 0;

    /// <summary>What it says, in one line for a person.</summary>
    public string Describe()
    {
        if (Failure is not null)
        {
            return Failure;
        }

        var reasons = Body is { ValueKind: JsonValueKind.Object } body && body.TryGetProperty("reasons", out var list) && list.ValueKind == JsonValueKind.Array
            ? string.Join("; ", list.EnumerateArray().Select(reason => reason.ToString()))
            : "";
        var text = reasons.Length == 0 ? State : $"{State}: {reasons}";
        return text.Length == 0 ? $"HTTP {Status}" : text;
    }
}

/// <summary>Asks the admin listener of a proxy on this machine.</summary>
/// <param name="address">host:port.</param>
/// <param name="time">The clock of the timeouts.</param>
public sealed class AdminClient(string address, TimeProvider time) : IDisposable
{
    /// <summary>One request may take this long: the admin listener answers from memory.</summary>
    public static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(2);

    private const int MaxAnswerBytes = 1024 * 1024;

    // A proxy variable of the environment must not send a loopback request into the network.
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false })
    {
        BaseAddress = new Uri($"http://{address}/"),
        MaxResponseContentBufferSize = MaxAnswerBytes,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>GET.</summary>
    public Task<AdminAnswer> GetAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, path, cancellationToken);

    /// <summary>POST, with the header that changing requests must carry.</summary>
    public Task<AdminAnswer> PostAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, path, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<AdminAnswer> SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using var request = new HttpRequestMessage(method, path);
        if (method == HttpMethod.Post)
        {
            request.Headers.Add(HeaderNames.Admin, "1");
        }

        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token);
            return new AdminAnswer((int)response.StatusCode, Parse(await response.Content.ReadAsByteArrayAsync(either.Token)), null);
        }
        catch (HttpRequestException e)
        {
            return e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused }
                ? new AdminAnswer(0, null, $"nothing listens on {address}", IsRefused: true)
                : new AdminAnswer(0, null, $"{address}: {e.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new AdminAnswer(0, null, $"{address} did not answer within {RequestTimeout.TotalSeconds:0} s");
        }
    }

    private static JsonElement? Parse(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
