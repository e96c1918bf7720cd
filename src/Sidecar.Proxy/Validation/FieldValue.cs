using System.Buffers;

namespace Sidecar.Proxy.Validation;

/// <summary>What may not stand in a field value or a request target, whichever side sent it (RFC 9110 §5.5).</summary>
public static class FieldValue
{
    /// <summary>Every control character but HTAB; space, visible ASCII and obs-text are allowed.</summary>
    public static SearchValues<char> Forbidden { get; } = SearchValues.Create(
        "\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u000a\u000b\u000c\u000d\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f\u007f");
}
