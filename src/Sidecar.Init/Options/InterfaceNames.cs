using System.Collections.Immutable;

namespace Sidecar.Init.Options;

/// <summary>Names of network interfaces: <c>eth1,net1</c>.</summary>
internal static class InterfaceNames
{
    // IFNAMSIZ of linux/if.h, less the terminating zero.
    private const int MaximumLength = 15;

    /// <summary>Reads a list; every bad entry is refused with its reason. In order, each once.</summary>
    public static ImmutableArray<string> Parse(string text, Action<string> refuse)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var entry in ListText.Split(text, refuse))
        {
            if (IsName(entry))
            {
                names.Add(entry);
            }
            else
            {
                refuse($"{ListText.Quote(entry)} is not the name of an interface such as eth1: 1 to {MaximumLength} of a-z A-Z 0-9 _ - . and no '-' at the start");
            }
        }

        return [.. names];
    }

    // The kernel allows more (dev_valid_name of net/core/dev.c), but quotes, '*' and '+' mean something to nft or iptables.
    private static bool IsName(string text) =>
        text.Length is > 0 and <= MaximumLength
        && text is not ("." or "..")
        && text[0] != '-'
        && text.All(static character => char.IsAsciiLetterOrDigit(character) || character is '_' or '-' or '.');
}
