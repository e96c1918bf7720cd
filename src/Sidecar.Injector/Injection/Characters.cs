using System.Buffers;

namespace Sidecar.Injector.Injection;

/// <summary>Sets of characters that texts of hostile origin may consist of.</summary>
internal static class Characters
{
    /// <summary>Of a label of DNS.</summary>
    public static readonly SearchValues<char> OfDnsLabel = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>Of an unsigned decimal number.</summary>
    public static readonly SearchValues<char> OfNumber = SearchValues.Create("0123456789.");

    /// <summary>Of any number.</summary>
    public static readonly SearchValues<char> OfAnyNumber = SearchValues.Create("0123456789+-.eE");

    /// <summary>Of an image's name.</summary>
    public static readonly SearchValues<char> OfImage = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/:@-");

    /// <summary>Of a variable of the environment.</summary>
    public static readonly SearchValues<char> OfVariable = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    /// <summary>Of a YAML word that needs no quotes.</summary>
    public static readonly SearchValues<char> OfPlainWord = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=");
}
