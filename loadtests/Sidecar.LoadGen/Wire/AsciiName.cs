namespace Sidecar.LoadGen.Wire;

/// <summary>Names of fields and codings, which HTTP compares without case.</summary>
internal static class AsciiName
{
    /// <summary>Is it this name, which is given in lower case?</summary>
    public static bool Is(ReadOnlySpan<byte> value, ReadOnlySpan<byte> lowerCase)
    {
        if (value.Length != lowerCase.Length)
        {
            return false;
        }

        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            if ((c is >= (byte)'A' and <= (byte)'Z' ? c | 0x20 : c) != lowerCase[i])
            {
                return false;
            }
        }

        return true;
    }
}
