using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Sidecar.Init.Options;

/// <summary>Networks of both families, none inside another: nft refuses a set whose entries overlap.</summary>
public sealed class NetworkSet : IEquatable<NetworkSet>
{
    private NetworkSet(ImmutableArray<IPNetwork> networks) => Networks = networks;

    /// <summary>No address.</summary>
    public static NetworkSet None { get; } = new([]);

    /// <summary>Every address of both families.</summary>
    public static NetworkSet All { get; } = Of(IPNetwork.Parse("0.0.0.0/0"), IPNetwork.Parse("::/0"));

    /// <summary>IPv4 first, each family by address.</summary>
    public ImmutableArray<IPNetwork> Networks { get; }

    /// <summary>The addresses of these networks.</summary>
    public static NetworkSet Of(params IEnumerable<IPNetwork> networks)
    {
        var kept = ImmutableArray.CreateBuilder<IPNetwork>();
        foreach (var network in networks.OrderBy(static network => network.PrefixLength).ThenBy(static network => Key(network), StringComparer.Ordinal))
        {
            if (!kept.Any(larger => larger.Contains(network.BaseAddress)))
            {
                kept.Add(network);
            }
        }

        return new NetworkSet([.. kept.OrderBy(static network => Key(network), StringComparer.Ordinal)]);
    }

    /// <summary>Reads <c>10.0.0.0/8,fd00::/8,192.0.2.1</c>; every bad entry is refused with its reason.</summary>
    public static NetworkSet Parse(string text, Action<string> refuse)
    {
        var networks = new List<IPNetwork>();
        foreach (var entry in ListText.Split(text, refuse))
        {
            if (Read(entry, refuse) is { } network)
            {
                networks.Add(network);
            }
        }

        return Of(networks);
    }

    /// <summary>The networks of one family.</summary>
    public ImmutableArray<IPNetwork> OfFamily(AddressFamily family) => [.. Networks.Where(network => network.BaseAddress.AddressFamily == family)];

    /// <summary>Is this address in one of them?</summary>
    public bool Contains(IPAddress address) => Networks.Any(network => network.Contains(address));

    /// <inheritdoc/>
    public bool Equals(NetworkSet? other) => other is not null && Networks.AsSpan().SequenceEqual(other.Networks.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NetworkSet);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>As it is written in an annotation.</summary>
    public override string ToString() => string.Join(',', Networks);

    private static IPNetwork? Read(string entry, Action<string> refuse)
    {
        var slash = entry.IndexOf('/', StringComparison.Ordinal);
        if (!TryReadAddress(slash < 0 ? entry : entry[..slash], out var address))
        {
            refuse($"{ListText.Quote(entry)} is not a network or an address such as 10.0.0.0/8, fd00::/8 or 192.0.2.1");
            return null;
        }

        var bits = address.AddressFamily == AddressFamily.InterNetwork ? 32u : 128u;
        var length = bits;
        if (slash >= 0 && !ListText.TryReadNumber(entry.AsSpan(slash + 1), bits, out length))
        {
            refuse($"{ListText.Quote(entry)} needs a prefix length from 0 to {bits} after the slash");
            return null;
        }

        // What the writer meant is not ours to guess: the network, or the one address?
        if (BaseOf(address, (int)length) is var network && !network.Equals(address))
        {
            refuse($"{ListText.Quote(entry)} has bits set behind its prefix: write {network}/{length}, or {address} for the one address");
            return null;
        }

        return new IPNetwork(address, (int)length);
    }

    // IPAddress alone also takes "1", "0x7f.1", "[::1]:80" and zones.
    private static bool TryReadAddress(string text, out IPAddress address)
    {
        address = IPAddress.None;
        var isV6 = text.Contains(':', StringComparison.Ordinal);
        if (text.Length > 45 || text.AsSpan().ContainsAnyExcept(isV6 ? "0123456789abcdefABCDEF:." : "0123456789.")
            || !IPAddress.TryParse(text, out var parsed))
        {
            return false;
        }

        address = parsed;
        return isV6 ? parsed.AddressFamily == AddressFamily.InterNetworkV6 && !parsed.IsIPv4MappedToIPv6 : parsed.ToString() == text;
    }

    private static IPAddress BaseOf(IPAddress address, int prefixLength)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = prefixLength; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPAddress(bytes);
    }

    private static string Key(IPNetwork network)
    {
        var bytes = network.BaseAddress.GetAddressBytes();
        return $"{bytes.Length:d2}{Convert.ToHexString(bytes)}{network.PrefixLength:d3}";
    }
}
