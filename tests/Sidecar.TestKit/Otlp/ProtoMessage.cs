using System.Buffers.Binary;
using System.Text;

namespace Sidecar.TestKit.Otlp;

/// <summary>
/// A protobuf message as its wire format shows it, without a schema
/// (https://protobuf.dev/programming-guides/encoding/): just enough to read what an exporter really sends.
/// </summary>
public sealed class ProtoMessage
{
    private readonly List<(int Number, ulong Scalar, ReadOnlyMemory<byte> Bytes)> _fields = [];

    /// <summary>Reads a whole message; anything malformed is an <see cref="InvalidDataException"/>.</summary>
    public ProtoMessage(ReadOnlyMemory<byte> bytes)
    {
        var rest = bytes;
        while (!rest.IsEmpty)
        {
            var tag = ReadVarint(ref rest);
            var number = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    _fields.Add((number, ReadVarint(ref rest), default));
                    break;
                case 1:
                    _fields.Add((number, BinaryPrimitives.ReadUInt64LittleEndian(Take(ref rest, 8).Span), default));
                    break;
                case 2:
                    var length = ReadVarint(ref rest);
                    _fields.Add((number, 0, Take(ref rest, checked((int)length))));
                    break;
                case 5:
                    _fields.Add((number, BinaryPrimitives.ReadUInt32LittleEndian(Take(ref rest, 4).Span), default));
                    break;
                default:
                    throw new InvalidDataException($"Wire type {tag & 7} of field {number} is not known.");
            }
        }
    }

    /// <summary>Is the field there?</summary>
    public bool Has(int number) => _fields.Exists(field => field.Number == number);

    /// <summary>A number of any width; 0 when absent.</summary>
    public ulong Scalar(int number) => _fields.FindLast(field => field.Number == number).Scalar;

    /// <summary>A double; 0 when absent.</summary>
    public double Double(int number) => BitConverter.UInt64BitsToDouble(Scalar(number));

    /// <summary>Bytes; empty when absent.</summary>
    public ReadOnlyMemory<byte> Bytes(int number) => _fields.FindLast(field => field.Number == number).Bytes;

    /// <summary>A text; empty when absent.</summary>
    public string Text(int number) => Encoding.UTF8.GetString(Bytes(number).Span);

    /// <summary>Bytes in hexadecimal, lower case.</summary>
    public string Hex(int number) => Convert.ToHexStringLower(Bytes(number).Span);

    /// <summary>An embedded message; empty when absent.</summary>
    public ProtoMessage Message(int number) => new(Bytes(number));

    /// <summary>A repeated embedded message.</summary>
    public IEnumerable<ProtoMessage> Messages(int number) =>
        _fields.Where(field => field.Number == number).Select(field => new ProtoMessage(field.Bytes));

    /// <summary>A repeated 64-bit number, packed or not.</summary>
    public IReadOnlyList<ulong> Fixed64s(int number)
    {
        var values = new List<ulong>();
        foreach (var field in _fields.Where(field => field.Number == number))
        {
            if (field.Bytes.IsEmpty)
            {
                values.Add(field.Scalar);
            }

            for (var rest = field.Bytes; !rest.IsEmpty;)
            {
                values.Add(BinaryPrimitives.ReadUInt64LittleEndian(Take(ref rest, 8).Span));
            }
        }

        return values;
    }

    private static ReadOnlyMemory<byte> Take(ref ReadOnlyMemory<byte> rest, int length)
    {
        if (length > rest.Length)
        {
            throw new InvalidDataException("A field is longer than its message.");
        }

        var taken = rest[..length];
        rest = rest[length..];
        return taken;
    }

    private static ulong ReadVarint(ref ReadOnlyMemory<byte> rest)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Take(ref rest, 1).Span[0];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("A number is longer than ten bytes.");
    }
}
