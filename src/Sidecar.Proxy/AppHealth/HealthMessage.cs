using System.Globalization;
using System.Text;

namespace Sidecar.Proxy.AppHealth;

/// <summary>
/// The two messages of <c>grpc.health.v1</c> by hand: a string and an enumeration are no reason for a library.
/// https://protobuf.dev/programming-guides/encoding/
/// </summary>
internal static class HealthMessage
{
    /// <summary><c>HealthCheckResponse.ServingStatus.SERVING</c>.</summary>
    public const ulong Serving = 1;

    private const byte ServiceTag = (1 << 3) | 2;
    private const ulong StatusTag = 1 << 3;

    /// <summary>A <c>HealthCheckRequest</c>; the empty service is the default and not written.</summary>
    public static byte[] WriteRequest(string service)
    {
        var name = Encoding.UTF8.GetBytes(service);
        if (name.Length == 0)
        {
            return [];
        }

        var message = new List<byte>(name.Length + 6) { ServiceTag };
        for (var length = (uint)name.Length; ; length >>= 7)
        {
            if (length < 0x80)
            {
                message.Add((byte)length);
                break;
            }

            message.Add((byte)(length | 0x80));
        }

        message.AddRange(name);
        return [.. message];
    }

    /// <summary>The status of a <c>HealthCheckResponse</c>; 0 where none is written; null when it is no such message.</summary>
    public static ulong? ReadStatus(ReadOnlySpan<byte> message)
    {
        var status = 0UL;
        while (!message.IsEmpty)
        {
            if (ReadVarint(ref message) is not { } tag)
            {
                return null;
            }

            // Fields of later versions are skipped.
            switch (tag & 7)
            {
                case 0:
                    if (ReadVarint(ref message) is not { } value)
                    {
                        return null;
                    }

                    status = tag == StatusTag ? value : status;
                    break;
                case 1 when message.Length >= 8:
                    message = message[8..];
                    break;
                case 2:
                    if (ReadVarint(ref message) is not { } length || length > (ulong)message.Length)
                    {
                        return null;
                    }

                    message = message[(int)length..];
                    break;
                case 5 when message.Length >= 4:
                    message = message[4..];
                    break;
                default:
                    return null;
            }
        }

        return status;
    }

    /// <summary>The status as the specification calls it.</summary>
    public static string Name(ulong status) => status switch
    {
        0 => "UNKNOWN",
        Serving => "SERVING",
        2 => "NOT_SERVING",
        3 => "SERVICE_UNKNOWN",
        _ => status.ToString(CultureInfo.InvariantCulture),
    };

    private static ulong? ReadVarint(ref ReadOnlySpan<byte> message)
    {
        var value = 0UL;
        for (var i = 0; i < Math.Min(message.Length, 10); i++)
        {
            value |= (ulong)(message[i] & 0x7f) << (7 * i);
            if (message[i] < 0x80)
            {
                message = message[(i + 1)..];
                return value;
            }
        }

        return null;
    }
}
