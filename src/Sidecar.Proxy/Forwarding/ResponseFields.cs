using System.Net.Http.Headers;
using Microsoft.Extensions.Primitives;

namespace Sidecar.Proxy.Forwarding;

/// <summary>
/// The fields of an answer as they were received, listed once: the client makes the values anew each time it is asked, and
/// whoever validates, judges and copies an answer asks for most of them.
/// </summary>
public sealed class ResponseFields
{
    // Most answers have no more than the first; an array for more than the last is not kept for another answer.
    private const int Usual = 16, MostKept = 64;

    private KeyValuePair<string, StringValues>[] _fields = [];
    private HttpResponseMessage? _response;
    private int _count;

    /// <summary>All, in the order in which they came, those of the body last.</summary>
    public ReadOnlySpan<KeyValuePair<string, StringValues>> All => _fields.AsSpan(0, _count);

    /// <summary>Lists those of an answer, unless it is the one whose are listed.</summary>
    public void Read(HttpResponseMessage response)
    {
        if (ReferenceEquals(_response, response))
        {
            return;
        }

        Clear();
        _response = response;
        Add(response.Headers.NonValidated);
        Add(response.Content.Headers.NonValidated);
    }

    /// <summary>The values of a field; none when it did not come.</summary>
    public StringValues Get(string name)
    {
        foreach (ref readonly var field in All)
        {
            if (field.Key.Length == name.Length && field.Key.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return field.Value;
            }
        }

        return default;
    }

    /// <summary>Of no answer.</summary>
    public void Clear()
    {
        _response = null;
        if (_fields.Length > MostKept)
        {
            _fields = [];
        }
        else
        {
            Array.Clear(_fields, 0, _count);
        }

        _count = 0;
    }

    private void Add(HttpHeadersNonValidated fields)
    {
        foreach (var (name, values) in fields)
        {
            if (_count == _fields.Length)
            {
                Array.Resize(ref _fields, Math.Max(Usual, _count * 2));
            }

            _fields[_count++] = new(name, values.Count == 1 ? values.ToString() : values.ToArray());
        }
    }
}
