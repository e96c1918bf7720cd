namespace Sidecar.Proxy.Overload;

/// <summary>What the collector says of the objects that live long, and of the large ones, which only a full collection frees.</summary>
/// <param name="FullCollections">Full collections since the start, whoever asked for them.</param>
/// <param name="Bytes">Their size after the last collection of any kind, what has died since the last full one included.</param>
public readonly record struct OldGeneration(int FullCollections, long Bytes)
{
    private const int LargeObjects = 3; // in the collector's list, behind the three generations

    /// <summary>As the collector says now.</summary>
    public static OldGeneration Look()
    {
        var generations = GC.GetGCMemoryInfo(GCKind.Any).GenerationInfo;
        return new OldGeneration(
            GC.CollectionCount(GC.MaxGeneration), generations[GC.MaxGeneration].SizeAfterBytes + generations[LargeObjects].SizeAfterBytes);
    }
}
