using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Text.Json;

namespace Sidecar.Injector.Kubernetes;

/// <summary>
/// The few requests to the API server that the injector makes: JSON over HTTPS, every answer bounded in time and size.
/// No generated client: it would bring reflection, and most of the API.
/// </summary>
public sealed class ApiClient : IDisposable
{
    /// <summary>Largest answer that is read; etcd holds objects of at most 1.5 MiB, lists are asked for in pages.</summary>
    public const int MaxAnswerBytes = 16 * 1024 * 1024;

    /// <summary>How long one request may take.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    private readonly ApiEndpoint _endpoint;
    private readonly HttpMessageInvoker _http;
    private readonly TimeProvider _time;
    private readonly string _base;

    /// <summary>A client; nothing is sent yet.</summary>
    /// <param name="endpoint">Where, and as whom.</param>
    /// <param name="time">Bounds every request.</param>
    public ApiClient(ApiEndpoint endpoint, TimeProvider time)
    {
        _endpoint = endpoint;
        _time = time;
        _http = new HttpMessageInvoker(ApiTransport.Create(endpoint));
        _base = endpoint.Server.GetLeftPart(UriPartial.Path).TrimEnd('/');
    }

    /// <summary>The address, for messages.</summary>
    public string Server => _base;

    /// <summary>Reads an object or list. The caller disposes of the document.</summary>
    /// <exception cref="ApiException">Refused, unreachable, too slow or too large.</exception>
    public Task<JsonDocument> GetAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, contentType: null, body: default, cancellationToken);

    /// <summary>Sends and reads the JSON answer.</summary>
    /// <param name="method">What to do.</param>
    /// <param name="path">With query.</param>
    /// <param name="contentType">Of the body; null: no body.</param>
    /// <param name="body">JSON.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <param name="warnings">Gets what the server warns of, admission webhooks included.</param>
    /// <exception cref="ApiException">Refused, unreachable, too slow or too large.</exception>
    public async Task<JsonDocument> SendAsync(
        HttpMethod method, string path, string? contentType, ReadOnlyMemory<byte> body, CancellationToken cancellationToken, ICollection<string>? warnings = null)
    {
        var what = $"{method} {PathOnly(path)}";
        using var limit = new CancellationTokenSource(Timeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        return await GuardAsync(
            what,
            async () =>
            {
                using var request = Request(method, path, contentType, body);
                using var response = await _http.SendAsync(request, both.Token);
                var answer = await ReadAsync(response.Content, what, both.Token);
                foreach (var warning in response.Headers.Warning)
                {
                    warnings?.Add(ApiException.OneLine(warning.Text.Trim('"')));
                }

                return response.IsSuccessStatusCode
                    ? JsonDocument.Parse(answer)
                    : throw ApiException.From((int)response.StatusCode, what, answer.Span);
            },
            limit.Token,
            cancellationToken);
    }

    /// <summary>Begins a watch. The caller disposes of the stream, and bounds its life by the token.</summary>
    /// <exception cref="ApiException">Refused, unreachable or too slow to begin.</exception>
    public async Task<WatchStream> WatchAsync(string path, CancellationToken cancellationToken)
    {
        var what = $"GET {PathOnly(path)}";
        using var limit = new CancellationTokenSource(Timeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        return await GuardAsync(
            what,
            async () =>
            {
                using var request = Request(HttpMethod.Get, path, contentType: null, body: default);
                var response = await _http.SendAsync(request, both.Token);
                try
                {
                    return response.IsSuccessStatusCode
                        ? new WatchStream(response, await response.Content.ReadAsStreamAsync(both.Token))
                        : throw ApiException.From((int)response.StatusCode, what, (await ReadAsync(response.Content, what, both.Token)).Span);
                }
                catch
                {
                    response.Dispose();
                    throw;
                }
            },
            limit.Token,
            cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Runs it, and turns everything a network can do into one exception.</summary>
    internal static async Task<T> GuardAsync<T>(string what, Func<Task<T>> run, CancellationToken limit, CancellationToken cancellationToken)
    {
        try
        {
            return await run();
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ApiException(0, $"{what}: no answer within {Timeout.TotalSeconds:0} s", e);
        }
        catch (JsonException e)
        {
            throw new ApiException(0, $"{what}: the answer is no JSON", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException or AuthenticationException)
        {
            throw new ApiException(0, $"{what}: {ApiException.OneLine(e.InnerException is AuthenticationException tls ? tls.Message : e.Message)}", e);
        }
    }

    private HttpRequestMessage Request(HttpMethod method, string path, string? contentType, ReadOnlyMemory<byte> body)
    {
        var request = new HttpRequestMessage(method, _base + path);
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", "sidecar-injector");
        if (_endpoint.ReadToken() is { } token)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        }

        if (contentType is not null)
        {
            request.Content = new ReadOnlyMemoryContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        }

        return request;
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContent content, string what, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        for (int read; (read = await stream.ReadAsync(chunk, cancellationToken)) > 0;)
        {
            if (buffer.Length + read > MaxAnswerBytes)
            {
                throw new AnswerTooLargeException($"{what}: the answer is larger than {MaxAnswerBytes} bytes");
            }

            buffer.Write(chunk, 0, read);
        }

        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }

    // Queries carry nothing that helps a reader, and continue tokens are long.
    private static string PathOnly(string path) => path.IndexOf('?', StringComparison.Ordinal) is var end and >= 0 ? path[..end] : path;
}

/// <summary>The answer is larger than what is read; a list is then asked for in smaller pages.</summary>
public sealed class AnswerTooLargeException(string message) : ApiException(0, message);
