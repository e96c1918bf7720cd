using System.Text.Json;

namespace Sidecar.Injector.Kubernetes;

/// <summary>The API server could not be asked, or did not answer with what was asked for.</summary>
public class ApiException : Exception
{
    // A status message may quote what we sent.
    private const int MaxMessageLength = 300;

    /// <summary>Makes one.</summary>
    /// <param name="status">HTTP status; 0 when there was no usable answer.</param>
    /// <param name="message">What went wrong.</param>
    /// <param name="inner">The cause.</param>
    public ApiException(int status, string message, Exception? inner = null)
        : base(message, inner) => Status = status;

    /// <summary>HTTP status; 0 when there was no usable answer.</summary>
    public int Status { get; }

    /// <summary>The resource version is too old: everything must be listed again.</summary>
    public bool IsGone => Status == 410;

    /// <summary>The ServiceAccount may not do this.</summary>
    public bool IsForbidden => Status is 401 or 403;

    /// <summary>There is no such object.</summary>
    public bool IsNotFound => Status == 404;

    /// <summary>
    /// The object is no longer what it was when it was read, or exists already. 422 is the answer to a JSON Patch whose
    /// <c>test</c> does not hold.
    /// </summary>
    public bool IsConflict => Status is 409 or 422;

    /// <summary>From an answer that is no success: the <c>message</c> of its Status object.</summary>
    public static ApiException From(int status, string what, ReadOnlySpan<byte> body)
    {
        var message = MessageOf(body);
        return new ApiException(status, message.Length > 0 ? $"{what}: {status}, {message}" : $"{what}: {status}");
    }

    /// <summary>Text of another's making inside our log lines: one line, bounded.</summary>
    internal static string OneLine(string text)
    {
        var cut = text.Length > MaxMessageLength ? text.AsSpan(0, MaxMessageLength) : text;
        return string.Create(cut.Length, cut, static (target, source) =>
        {
            for (var i = 0; i < source.Length; i++)
            {
                target[i] = char.IsControl(source[i]) ? ' ' : source[i];
            }
        });
    }

    private static string MessageOf(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using var document = JsonDocument.ParseValue(ref reader);
            return OneLine(document.RootElement.Text("message") ?? "");
        }
        catch (JsonException)
        {
            // A proxy in between answers in HTML; the status says enough.
            return "";
        }
    }
}
