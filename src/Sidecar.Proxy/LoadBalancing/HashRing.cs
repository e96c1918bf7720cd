using System.Numerics;

namespace Sidecar.Proxy.LoadBalancing;

/// <summary>
/// A consistent-hash ring of one <see cref="DestinationSet"/>. A destination's points depend on its id and its weight
/// alone (and on the largest weight, and in powers of two on the size of the set), so that another destination's coming
/// or going moves only the keys next to it.
/// </summary>
internal sealed class HashRing
{
    /// <summary>Points of one destination at most: its share then varies by some 1/√512, 4 %.</summary>
    internal const int MaxPointsEach = 512;

    /// <summary>Points of all destinations at most: what is built on the request path after a change takes about a millisecond.</summary>
    internal const int MaxPoints = 16_384;

    private readonly uint[] _hashes;
    private readonly int[] _owners;

    public HashRing(DestinationSet destinations)
    {
        Destinations = destinations;
        var all = destinations.All;
        var maxWeight = 1;
        foreach (var destination in all)
        {
            maxWeight = Math.Max(maxWeight, destination.Weight);
        }

        var pointsOfMax = Math.Clamp(MaxPoints / (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, all.Length)), 1, MaxPointsEach);
        var hashes = new List<uint>();
        var owners = new List<int>();
        for (var i = 0; i < all.Length; i++)
        {
            var points = Math.Max(1, (int)Math.Round((double)pointsOfMax * all[i].Weight / maxWeight));
            var idHash = HashId(all[i].Id);
            for (var point = 0u; point < points; point++)
            {
                hashes.Add(Mix(idHash ^ Mix(point + 1)));
                owners.Add(i);
            }
        }

        _hashes = [.. hashes];
        _owners = [.. owners];
        Array.Sort(_hashes, _owners);
    }

    /// <summary>What it was built for.</summary>
    public DestinationSet Destinations { get; }

    /// <summary>Number of points.</summary>
    public int Count => _hashes.Length;

    /// <summary>The first destination clockwise from the hash whose weight is above 0; -1 when there is none.</summary>
    public int Find(uint hash, ReadOnlySpan<int> weights)
    {
        var start = Array.BinarySearch(_hashes, Mix(hash));
        start = start < 0 ? ~start : start;
        for (var step = 0; step < _owners.Length; step++)
        {
            var owner = _owners[(start + step) % _owners.Length];
            if (weights[owner] > 0)
            {
                return owner;
            }
        }

        return -1;
    }

    // FNV-1a: the same in every process and run, unlike string.GetHashCode, so that all sidecars agree.
    private static uint HashId(string id)
    {
        var hash = 2166136261u;
        foreach (var c in id)
        {
            hash = (hash ^ c) * 16777619u;
        }

        return hash;
    }

    // MurmurHash3's finalizer: spreads ids and paths that differ in their last character over the whole ring.
    private static uint Mix(uint hash)
    {
        hash ^= hash >> 16;
        hash *= 0x85EBCA6B;
        hash ^= hash >> 13;
        hash *= 0xC2B2AE35;
        return hash ^ (hash >> 16);
    }
}
